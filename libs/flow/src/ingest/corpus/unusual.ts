/** What people write beside numbers and times, or in other scripts: read where it has one reading, else refused with the way out. */
import type { Case } from './case.js';

const DAYS = ['2024-01-01', '2024-01-02', '2024-01-03'];
const quoted = (text: string): string => (/[",]/.test(text) ? `"${text}"` : text);
const valued = (...values: string[]): string =>
  `unique_id,ds,y\n${values.map((value, at) => `a,${DAYS[at]},${quoted(value)}`).join('\n')}\n`;

const READ: readonly [name: string, values: string[], ...read: number[]][] = [
  ['percentages', ['12%', '-3.5 %', '4%'], 12, -3.5, 4],
  ['amounts with a code', ['12 EUR', 'EUR -3.50', '(4 EUR)'], 12, -3.5, -4],
  ['crowns', ['12 kr', '3.50 kr', '4 kr'], 12, 3.5, 4],
  ['reais', ['R$ 1,234.50', 'R$ 3.50', 'R$4'], 1234.5, 3.5, 4],
  ['Arabic-Indic digits', ['١٢', '٣٫٥', '١٬٢٣٤'], 12, 3.5, 1234],
  ['Arabic-Indic percentages', ['١٢٪', '٣٪', '٤٪'], 12, 3, 4],
  ['Persian digits', ['۱۲', '۳', '۴'], 12, 3, 4],
  ['Devanagari digits', ['१२', '३', '४'], 12, 3, 4],
  ['digits in full width', ['１２', '３．５', '4'], 12, 3.5, 4],
];

const REFUSED: readonly [name: string, values: string[], says: RegExp][] = [
  ['a percent sign here and there', ['12%', '13', '14'], /column "y".*"?percent sign, and 12% beside 12.*Write all with the sign, or none/],
  ['a percent sign nearly everywhere', ['12%', '13%', '14'], /Write all with the sign, or none/],
  ['two currencies', ['$12', '€13', '$14'], /Line 3: "€13".*column "y".*in €, and most other values are in \$.*Convert all/],
  ['two currencies by code', ['12 USD', '13 EUR', '14 USD'], /"13 EUR".*in EUR, and most other values are in USD/],
  ['a currency once', ['12', '$13', '14'], /in \$, and most other values name no currency/],
  ['units', ['12 kWh', '13 kWh', '14 kWh'], /"kWh" beside a number is not understood/],
  ['multiples', ['1.2M', '13k', '14k'], /"M" beside a number is not understood/],
  ['decimal commas with a minus behind', ['1.100,500-', '1.200,250-', '3,5'], /Set decimalSeparator to ","/],
  ['decimal commas in euros', ['1 100,00 €', '1 200,50 €', '3,5 €'], /Set decimalSeparator to ","/],
  ['decimal commas behind a code', ['EUR 1.100,00', 'EUR 1.200,50', 'EUR 3,5'], /Set decimalSeparator to ","/],
  ['decimal commas in percent', ['12,5 %', '13,25 %', '14,5 %'], /Set decimalSeparator to ","/],
  ['decimal commas between hard spaces', ['1\u202f100,5', '1\u00a0200,5', '3,5'], /Set decimalSeparator to ","/],
  ['groups of two digits', ['1,23,100', '1,24,100', '3'], /groups of two .*without a sign/],
  ['bounds', ['<5', '6', '7'], /"<" beside a number is not understood/],
];

export const unusual: Case[] = [
  ...READ.map(([name, values, ...read]): Case => ({
    name,
    file: 'f.csv',
    content: valued(...values),
    series: { a: [DAYS[0]!, ...read] },
  })),
  {
    name: 'percentages as a covariate',
    file: 'f.csv',
    content: 'unique_id,ds,y,rate\na,2024-01-01,1,12%\na,2024-01-02,2,13%\n',
    options: { pastCovariates: ['rate'] },
    covariates: { a: { rate: ['2024-01-01', 12, 13] } },
  },
  {
    name: 'dollars in a wide file',
    file: 'f.csv',
    content: 'ds,a,b\n2024-01-01,$1,$2\n2024-01-02,$3,$4\n',
    series: { a: ['2024-01-01', 1, 3], b: ['2024-01-01', 2, 4] },
  },
  ...REFUSED.map(([name, values, says]): Case => ({
    name,
    file: 'f.csv',
    content: valued(...values),
    error: { code: 'VALUE_NOT_NUMBER', says },
  })),
];
