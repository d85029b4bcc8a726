/** Numbers, missing values, aggregations, covariates and rows that are rejected while the rest is read. */
import type { Case } from './case.js';

/** A text, and the number it says. */
const NUMBERS: readonly [name: string, text: string, value: number][] = [
  ['an integer', '12', 12],
  ['a plus sign', '+12', 12],
  ['a negative', '-12.5', -12.5],
  ['a real minus sign', '−12.5', -12.5],
  ['no digit before the point', '.5', 0.5],
  ['no digit behind the point', '5.', 5],
  ['leading zeros', '007.50', 7.5],
  ['an exponent', '1.5e3', 1500],
  ['a capital exponent', '1.5E-3', 0.0015],
  ['spaces around', '  12  ', 12],
  ['many digits', '0.1234567890123456', 0.1234567890123456],
  ['a large integer', '9007199254740993', 9007199254740992],
  ['very small', '1e-300', 1e-300],
  ['zero', '0', 0],
  ['spaces between thousands', '1 234 567.5', 1234567.5],
  ['no-break spaces between thousands', '1\u00a0234.5', 1234.5],
  ['narrow no-break spaces between thousands', '1\u202f234', 1234],
  ['Swiss apostrophes', "1'234'567.5", 1234567.5],
  ['commas between thousands, with a point', '1,234.5', 1234.5],
  ['commas between thousands, twice', '1,234,567', 1234567],
  ["an accountant's negative", '(123.45)', -123.45],
  ["an accountant's negative with thousands", '(1,200.00)', -1200],
  ["an accountant's negative with spaces", ' ( 5 ) ', -5],
  ['a minus behind', '50.00-', -50],
  ['a minus behind, with thousands', '1,234.56-', -1234.56],
];

const COMMA_NUMBERS: readonly [name: string, text: string, value: number][] = [
  ['a decimal comma', '1,5', 1.5],
  ['an integer', '15', 15],
  ['points between thousands', '1.234,5', 1234.5],
  ['points between thousands, twice', '1.234.567', 1234567],
  ['spaces between thousands', '1 234,5', 1234.5],
  ['a negative', '-0,25', -0.25],
  ['an exponent', '1,5e3', 1500],
  ['an apostrophe', "1'234,5", 1234.5],
  ["an accountant's negative", '(1.234,56)', -1234.56],
  ['a minus behind', '50,00-', -50],
];

const MISSING = ['', 'NA', 'N/A', '#N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '-', '  '];

const around = (text: string, delimiter = ','): string =>
  ['unique_id;ds;y', 'a;2024-01-01;1', `a;2024-01-02;${/[,"]/.test(text) ? `"${text}"` : text}`, 'a;2024-01-03;3', '']
    .join('\n')
    .replaceAll(';', delimiter);

const numbers: Case[] = [
  ...NUMBERS.map(([name, text, value]): Case => ({
    name: `number: ${name}`,
    file: 'f.csv',
    content: around(text),
    series: { a: ['2024-01-01', 1, value, 3] },
  })),
  ...COMMA_NUMBERS.map(([name, text, value]): Case => ({
    name: `decimal comma: ${name}`,
    file: 'f.csv',
    content: around(text, ';'),
    options: { decimalSeparator: ',' },
    series: { a: ['2024-01-01', 1, value, 3] },
  })),
  ...MISSING.map((text): Case => ({
    name: `missing: "${text}"`,
    file: 'f.csv',
    content: around(text),
    series: { a: ['2024-01-01', 1, null, 3] },
  })),
  {
    name: 'a lone comma where it was declared',
    file: 'f.csv',
    content: around('1,234'),
    options: { thousandsSeparator: ',' },
    series: { a: ['2024-01-01', 1, 1234, 3] },
  },
  {
    name: 'a column of dollars',
    file: 'f.csv',
    content: 'unique_id,ds,y\na,2024-01-01,"$1,234.50"\na,2024-01-02,-$5\na,2024-01-03,($6.00)\n',
    series: { a: ['2024-01-01', 1234.5, -5, -6] },
  },
  {
    name: 'a column of euros with decimal commas',
    file: 'f.csv',
    content: 'unique_id;ds;y\na;2024-01-01;1.234,50 €\na;2024-01-02;5 €\na;2024-01-03;6,25\u00a0€\n',
    options: { decimalSeparator: ',' },
    series: { a: ['2024-01-01', 1234.5, 5, 6.25] },
  },
  {
    name: 'another currency in a column of dollars',
    file: 'f.csv',
    content: 'unique_id,ds,y\na,2024-01-01,$1\na,2024-01-02,€2\na,2024-01-03,$3\n',
    options: { maxRejectedShare: 1 },
    series: { a: ['2024-01-01', 1, null, 3] },
    rejects: [[3, 'VALUE_NOT_NUMBER', '€2']],
  },
  {
    name: 'a lone point where it was declared',
    file: 'f.csv',
    content: around('1.234', ';'),
    options: { decimalSeparator: ',', thousandsSeparator: '.' },
    series: { a: ['2024-01-01', 1, 1234, 3] },
  },
];

const events =
  'unique_id,ds,y\na,2024-01-01 08:00,1\na,2024-01-01 20:00,4\na,2024-01-01 12:00,1\na,2024-01-03 12:00,7\nb,2024-01-02 00:00,\n';
const AGGREGATED: readonly [NonNullable<Case['options']>['aggregation'], number, number][] = [
  ['sum', 6, 7],
  ['mean', 2, 7],
  ['min', 1, 7],
  ['max', 4, 7],
  ['first', 1, 7],
  ['last', 4, 7],
  ['median', 1, 7],
];

const aggregated: Case[] = [
  ...AGGREGATED.map(([aggregation, first, last]): Case => ({
    name: `aggregation ${aggregation}`,
    file: 'f.csv',
    content: events,
    options: { aggregation, frequency: 'D' },
    series: { a: ['2024-01-01', first, null, last] },
  })),
  {
    name: 'aggregation count, which counts rows with and without a value',
    file: 'f.csv',
    content: events,
    options: { aggregation: 'count', frequency: 'D' },
    series: { a: ['2024-01-01', 3, null, 1], b: ['2024-01-02', 1] },
  },
  {
    name: 'aggregation count needs no value column',
    file: 'f.csv',
    content: 'unique_id,ds\na,2024-01-01\na,2024-01-01\na,2024-01-02\n',
    options: { aggregation: 'count', frequency: 'D' },
    series: { a: ['2024-01-01', 2, 1] },
  },
  {
    name: 'aggregation last, of equal times the last row',
    file: 'f.csv',
    content: 'unique_id,ds,y\na,2024-01-01,5\na,2024-01-01,6\na,2024-01-02,7\n',
    options: { aggregation: 'last' },
    series: { a: ['2024-01-01', 6, 7] },
  },
  {
    name: 'aggregation of what is on the grid already',
    file: 'f.csv',
    content: 'unique_id,ds,y\na,2024-01-01,5\na,2024-01-02,7\n',
    options: { aggregation: 'sum' },
    frequency: 'D',
    series: { a: ['2024-01-01', 5, 7] },
  },
  {
    name: 'the last step dropped',
    file: 'f.csv',
    content: 'unique_id,ds,y\na,2024-01-01,5\na,2024-01-02,7\nb,2024-01-01,1\n',
    options: { dropLastStep: true },
    series: { a: ['2024-01-01', 5], b: ['2024-01-01', 1] },
  },
];

const withCovariates =
  'unique_id,ds,y,price,promo,region,size\na,2024-01-01,1,10,0,north,7\na,2024-01-02,2,11,1,north,7\na,2024-01-03,,12,1,north,7\nb,2024-01-01,3,,0,south,\n';

const covariates: Case[] = [
  {
    name: 'a covariate of text beside one of numbers and one of truth values',
    file: 'f.csv',
    content: 'unique_id,ds,y,sky,rain,open\na,2024-01-01,1,clear,0,yes\na,2024-01-02,2,"rain, hail",7,no\na,2024-01-03,3,,2,TRUE\n',
    options: { pastCovariates: ['sky', 'rain'], futureCovariates: ['open'] },
    series: { a: ['2024-01-01', 1, 2, 3] },
    covariates: {
      a: {
        rain: ['2024-01-01', 0, 7, 2],
        open: ['2024-01-01', 1, 0, 1],
        'sky = clear': ['2024-01-01', 1, 0, 0],
        'sky = rain, hail': ['2024-01-01', 0, 1, 0],
      },
    },
  },
  {
    name: 'past, future and static covariates',
    file: 'f.csv',
    content: withCovariates,
    options: { pastCovariates: ['price'], futureCovariates: ['promo'], staticCovariates: ['region', 'size'] },
    series: { a: ['2024-01-01', 1, 2], b: ['2024-01-01', 3] },
    covariates: { a: { price: ['2024-01-01', 10, 11, 12], promo: ['2024-01-01', 0, 1, 1] }, b: { promo: ['2024-01-01', 0] } },
    statics: { a: { region: 'north', size: 7 }, b: { region: 'south', size: null } },
  },
  {
    name: 'covariates that are not asked for',
    file: 'f.csv',
    content: withCovariates,
    series: { a: ['2024-01-01', 1, 2], b: ['2024-01-01', 3] },
    covariates: {},
  },
  {
    name: 'covariates are averaged where the target is summed',
    file: 'f.csv',
    content: 'unique_id,ds,y,price\na,2024-01-01 01:00,1,10\na,2024-01-01 02:00,2,20\n',
    options: { aggregation: 'sum', frequency: 'D', pastCovariates: ['price'] },
    series: { a: ['2024-01-01', 3] },
    covariates: { a: { price: ['2024-01-01', 15] } },
  },
  {
    name: 'a static covariate that changes',
    file: 'f.csv',
    content: 'unique_id,ds,y,region\na,2024-01-01,1,north\na,2024-01-02,2,south\n',
    options: { staticCovariates: ['region'] },
    error: { code: 'STATIC_NOT_CONSTANT', says: /"region".*"a"/, subject: { series: 'a', column: 'region' } },
  },
  {
    name: 'text in a covariate',
    file: 'f.csv',
    content: 'unique_id,ds,y,price\na,2024-01-01,1,10\na,2024-01-02,2,cheap\n',
    options: { pastCovariates: ['price'] },
    error: { code: 'VALUE_NOT_NUMBER', says: /Line 3: "cheap"/ },
  },
  {
    name: 'a covariate that is not there',
    file: 'f.csv',
    content: 'unique_id,ds,y,prize\na,2024-01-01,1,10\n',
    options: { pastCovariates: ['price'] },
    error: { code: 'COLUMN_MISSING', says: /"price".*Did you mean "prize"/ },
  },
];

/** Read with `maxRejectedShare` 1: good rows are kept, bad ones reported. */
const TOLERATED: readonly [name: string, row: string, rule: string, text: string][] = [
  ['text for a value', 'a,2024-01-02,two', 'VALUE_NOT_NUMBER', 'two'],
  ['a lone comma', 'a,2024-01-02,"1,234"', 'VALUE_NOT_NUMBER', '1,234'],
  ['a currency', 'a,2024-01-02,$5', 'VALUE_NOT_NUMBER', '$5'],
  ['a percentage', 'a,2024-01-02,5%', 'VALUE_NOT_NUMBER', '5%'],
  ['a truth value', 'a,2024-01-02,true', 'VALUE_NOT_NUMBER', 'true'],
  ['a hexadecimal number', 'a,2024-01-02,0x10', 'VALUE_NOT_NUMBER', '0x10'],
  ['infinity', 'a,2024-01-02,inf', 'VALUE_NOT_FINITE', 'inf'],
  ['minus infinity', 'a,2024-01-02,-Infinity', 'VALUE_NOT_FINITE', '-Infinity'],
  ['a number beyond all floats', 'a,2024-01-02,1e999', 'VALUE_NOT_FINITE', '1e999'],
  ['no series', ',2024-01-02,2', 'ID_MISSING', ''],
  ['no time', 'a,,2', 'TIMESTAMP_MISSING', ''],
  ['a day that does not exist', 'a,2023-02-30,2', 'TIMESTAMP_INVALID', '2023-02-30'],
  ['a month that does not exist', 'a,2023-13-01,2', 'TIMESTAMP_INVALID', '2023-13-01'],
  ['text for a time', 'a,soon,2', 'TIMESTAMP_INVALID', 'soon'],
  ['a time written another way', 'a,02.01.2024,2', 'TIMESTAMP_INVALID', '02.01.2024'],
  ['a year out of reach', 'a,9999-01-01,2', 'TIMESTAMP_INVALID', '9999-01-01'],
  ['infinity for a time', 'a,infinity,2', 'TIMESTAMP_INVALID', 'infinity'],
  ['a time off the grid', 'a,2024-01-02 00:30:00,2', 'OFF_GRID', 'a 2024-01-02 00:30:00'],
  ['too few columns', 'a,2024-01-02', 'TOO_FEW_COLUMNS', 'a,2024-01-02'],
  ['too many columns', 'a,2024-01-02,2,3', 'TOO_MANY_COLUMNS', 'a,2024-01-02,2,3'],
];

const tolerated: Case[] = [
  ...TOLERATED.map(([name, row, rule, text]): Case => ({
    name: `rejected row: ${name}`,
    file: 'f.csv',
    content: `unique_id,ds,y\na,2024-01-01,1\n${row}\na,2024-01-03,3\na,2024-01-04,4\n`,
    options: { maxRejectedShare: 0.5, frequency: 'D' },
    series: { a: ['2024-01-01', 1, null, 3, 4] },
    rejects: [[3, rule, text]],
  })),
  {
    name: 'a line that is no JSON',
    file: 'f.jsonl',
    content: '{"unique_id":"a","ds":"2024-01-01","y":1}\n{"unique_id":"a","ds":\n\n{"unique_id":"a","ds":"2024-01-03","y":3}\n',
    options: { maxRejectedShare: 0.5, frequency: 'D' },
    series: { a: ['2024-01-01', 1, null, 3] },
    rejects: [[2, 'ROW_UNREADABLE', '{"unique_id":"a","ds":']],
  },
  {
    name: 'text for a value in NDJSON, behind blank lines',
    file: 'f.jsonl',
    content:
      '{"unique_id":"a","ds":"2024-01-01","y":1}\n\n\n{"unique_id":"a","ds":"2024-01-02","y":"two"}\n{"unique_id":"a","ds":"2024-01-03","y":3}\n',
    options: { maxRejectedShare: 0.5, frequency: 'D' },
    series: { a: ['2024-01-01', 1, null, 3] },
    rejects: [[4, 'VALUE_NOT_NUMBER', 'two']],
  },
  {
    name: 'text for a value in JSON, which has no lines',
    file: 'f.json',
    content: JSON.stringify([
      { unique_id: 'a', ds: '2024-01-01', y: 1 },
      { unique_id: 'a', ds: '2024-01-02', y: { deep: 1 } },
      { unique_id: 'a', ds: '2024-01-03', y: 3 },
    ]),
    options: { maxRejectedShare: 0.5, frequency: 'D' },
    series: { a: ['2024-01-01', 1, null, 3] },
    rejects: [[null, 'VALUE_NOT_NUMBER', '{"deep":1}']],
  },
  {
    name: 'lines are counted behind quoted line breaks, blank lines and titles',
    file: 'f.csv',
    content: 'Report\n\nunique_id,ds,y\n"a\n\n",2024-01-01,1\n\n"a",2024-01-02,x\na,2024-01-03,3\n',
    options: { maxRejectedShare: 0.5, frequency: 'D' },
    rejects: [[8, 'VALUE_NOT_NUMBER', 'x']],
  },
  {
    name: 'lines are counted in CRLF files',
    file: 'f.csv',
    content: 'unique_id,ds,y\r\n"a\r\n",2024-01-01,1\r\n\r\na,2024-01-02,x\r\na,2024-01-03\r\na,2024-01-04,4\r\n',
    options: { maxRejectedShare: 0.9, frequency: 'D' },
    rejects: [
      [5, 'VALUE_NOT_NUMBER', 'x'],
      [6, 'TOO_FEW_COLUMNS', 'a,2024-01-03'],
    ],
  },
  {
    name: 'a wide file with a text cell',
    file: 'f.csv',
    content: 'ds,a,b\n2024-01-01,1,2\n2024-01-02,x,4\n2024-01-03,5,6\n',
    options: { maxRejectedShare: 0.5 },
    series: { a: ['2024-01-01', 1, null, 5], b: ['2024-01-01', 2, 4, 6] },
    rejects: [[3, 'VALUE_NOT_NUMBER', 'x']],
  },
  {
    name: 'a row is reported under the first rule that it breaks',
    file: 'f.csv',
    content: 'unique_id,ds,y\na,2024-01-01,1\n,never,x\na,2024-01-03,3\n',
    options: { maxRejectedShare: 0.5, frequency: 'D' },
    rejects: [[3, 'ID_MISSING', '']],
  },
  {
    name: 'a dry run tells duplicates instead of refusing them',
    file: 'f.csv',
    content: 'unique_id,ds,y\na,2024-01-01,1\na,2024-01-01,2\na,2024-01-02,3\n',
    options: { dryRun: true },
    duplicates: 1,
  },
  {
    name: 'a dry run tells rejects instead of refusing them',
    file: 'f.csv',
    content: 'unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,x\na,2024-01-03,3\n',
    options: { dryRun: true },
    rejects: [[3, 'VALUE_NOT_NUMBER', 'x']],
  },
];

export const values: Case[] = [
  {
    name: 'names and static covariates with a NUL in them',
    file: 'f.ndjson',
    content: [
      { unique_id: 'a', ds: 1, y: 1, region: 'n' },
      { unique_id: 'a', ds: 2, y: 2, region: 'n' },
      { unique_id: 'a\0b', ds: 3, y: 3, region: 'n' },
      { unique_id: 'c', ds: 3, y: 3, region: 'n\0' },
    ]
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(''),
    options: { maxRejectedShare: 0.5, staticCovariates: ['region'] },
    series: { a: ['1', 1, 2] },
    rejects: [
      [3, 'TEXT_INVALID', 'a\0b'],
      [4, 'TEXT_INVALID', 'n\0'],
    ],
  },
  ...numbers,
  ...aggregated,
  ...covariates,
  ...tolerated,
];
