/** Files that are refused, each with its code and with what the message or the hint must say. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Case } from './case.js';

const csv = 'unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\n';
const refusal = (name: string, file: string, content: string | Buffer, code: string, says: RegExp, more: Partial<Case> = {}): Case => ({
  name,
  file,
  content,
  ...more,
  error: { code, says, ...more.error },
});

const STRANGERS: readonly [name: string, file: string, magic: string, says: RegExp][] = [
  ['an Excel workbook in name only', 'f.xlsx', 'PK\x03\x04', /Save|save/],
  ['a ZIP archive called CSV', 'f.csv', 'PK\x03\x04', /Its name says \.csv/],
  ['an old Excel workbook', 'f.xls', '\xd0\xcf\x11\xe0\xa1\xb1', /CSV/],
  ['a PDF', 'f.pdf', '%PDF-1.7', /PDF/],
  ['a PNG called CSV', 'f.csv', '\x89PNG\r\n', /PNG/],
  ['an Arrow file', 'f.arrow', 'ARROW1\0\0', /Parquet/],
  ['an SQLite database', 'f.db', 'SQLite format 3\0', /SQLite/],
  ['a bzip2 file', 'f.csv.bz2', 'BZh91AY', /gzip or zstd/],
  ['an xz file', 'f.csv.xz', '\xfd7zXZ\0', /gzip or zstd/],
  ['a pickle', 'f.pkl', '\x80\x04\x95\0\0', /pickle/],
  ['binary data called CSV', 'f.csv', 'a,b\n\0\x01\x02\0\0\xff\xfe', /binary/],
];

const strangers: Case[] = STRANGERS.map(([name, file, magic, says]) => ({
  name,
  file,
  content: Buffer.from(`${magic}${'\x00\x07'.repeat(50)}`, 'latin1'),
  error: { code: /\.(csv|xlsx)$/.test(file) ? 'FORMAT_MISMATCH' : 'FORMAT_UNSUPPORTED', says },
}));

/** Files whose beginning is sound, and whose rows end as rows do: only the compression tells that some are missing. */
function tornPacks(): Case[] {
  const rows = `unique_id,ds,y\n${Array.from({ length: 300_000 }, (_, i) => `a,${i},${(i * 7919) % 10_007}\n`).join('')}`;
  const [gzip, zstd] = [gzipSync(rows), zstdCompressSync(rows)];
  const flipped = Buffer.from(gzip);
  flipped[gzip.length - 6]! ^= 1;
  const torn = (name: string, file: string, content: Buffer): Case =>
    refusal(name, file, content, 'FILE_DAMAGED', /f\.csv\.(gz|zst) cannot be decompressed: it is damaged or was cut off/);
  return [
    torn('a gzip without its end', 'f.csv.gz', gzip.subarray(0, -2000)),
    torn('a gzip without its checksum', 'f.csv.gz', gzip.subarray(0, -8)),
    torn('a gzip with another checksum', 'f.csv.gz', flipped),
    torn('a gzip whose second member was cut off', 'f.csv.gz', Buffer.concat([gzip, gzip.subarray(0, -2000)])),
    torn('a zstd without its end', 'f.csv.zst', zstd.subarray(0, -2000)),
    torn('a zstd whose second frame was cut off', 'f.csv.zst', Buffer.concat([zstd, zstd.subarray(0, -2000)])),
    torn('a zstd whose second frame has only begun', 'f.csv.zst', Buffer.concat([zstd, zstd.subarray(0, 2)])),
    torn('a zstd with something behind it', 'f.csv.zst', Buffer.concat([zstd, Buffer.from('something else')])),
  ];
}

export const refused: Case[] = [
  refusal('parts of steps that nothing gathers', 'f.csv', csv, 'OPTIONS_CONFLICT', /dropPartialSteps.*aggregation/, {
    options: { dropPartialSteps: true },
  }),
  refusal('parts of plain integers', 'f.csv', 'unique_id,ds,y\na,1,1\na,2,2\n', 'OPTIONS_CONFLICT', /dropPartialSteps.*frequency 1/, {
    options: { dropPartialSteps: true, aggregation: 'sum' },
  }),
  ...['f.csv', 'f.ndjson'].map((file) =>
    refusal(
      `a name that is too long for any index, in ${file}`,
      file,
      [
        ['a', 1],
        ['b'.repeat(2001), 2],
      ]
        .map(([id, y]) => (file === 'f.csv' ? `${id},2024-01-01,${y}\n` : `{"unique_id":"${id}","ds":"2024-01-01","y":${y}}\n`))
        .reduce((all, row) => all + row, file === 'f.csv' ? 'unique_id,ds,y\n' : ''),
      'ID_TOO_LONG',
      /^Line [23]: .*longer than 2,000 bytes.*"bbbb.*idColumn/,
    ),
  ),
  refusal(
    'a name that is too long in a header',
    'f.csv',
    `ds,a,${'系'.repeat(700)}\n2024-01-01,1,2\n2024-01-02,1,2\n`,
    'ID_TOO_LONG',
    /系…/,
  ),
  ...(['f.csv', 'f.ndjson'] as const).map((file) => {
    const rows = [
      ['a', '2024-01-01', 1, 'on'],
      ['b', '2024-01-01', 2, 'off'],
    ] as const;
    const names = ['unique_id', 'ds', 'y', 'promo'] as const;
    const lines = rows.map((row) => JSON.stringify(Object.fromEntries(names.map((name, at) => [name, row[at]]))));
    const content = (file === 'f.csv' ? [names.join(','), ...rows.map((row) => row.join(','))] : lines).join('\n');
    return refusal(
      `a flag in words that are not read, in ${file}`,
      file,
      content,
      'VALUE_NOT_NUMBER',
      /"on" is not a number \(column "promo", series "a"\).*1 and 0/,
      {
        options: { futureCovariates: ['promo'] },
      },
    );
  }),
  refusal(
    'a cell of a covariate',
    'f.csv',
    `unique_id,ds,y,p\na,2024-01-01,1,2\na,2024-01-02,1,3\nb,2024-01-01,1,dear\n`,
    'VALUE_NOT_NUMBER',
    /^Line 4: "dear" is not a number \(column "p", series "b"\)/,
    {
      options: { pastCovariates: ['p'] },
    },
  ),
  refusal(
    'a cell of a wide file',
    'f.csv',
    `ds,a,b\n2024-01-01,1,2\n2024-01-02,1,2\n2024-01-03,1,x\n`,
    'VALUE_NOT_NUMBER',
    /^Line 4: "x" is not a number \(series "b"\)/,
  ),
  refusal(
    'truth values',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01,yes\na,2024-01-02,no\n',
    'VALUE_NOT_NUMBER',
    /1 and 0.*another column the target/,
  ),
  refusal(
    'two-digit years across a century',
    'f.csv',
    'unique_id,ds,y\na,01.01.60,1\na,01.01.72,2\na,01.01.80,3\n',
    'CENTURY_AMBIGUOUS',
    /"01\.01\.60" of 2060.*yearPivot/,
  ),
  refusal(
    'a month in no certain language',
    'f.csv',
    'unique_id,ds,y\na,listopad 2023,1\na,listopad 2024,2\n',
    'MONTH_NAME_AMBIGUOUS',
    /listopad/,
  ),
  refusal(
    'the abbreviation of a zone',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01 05:00 CET,1\na,2024-01-01 06:00 CET,2\n',
    'TIMESTAMP_INVALID',
    /"CET" is the abbreviation of a zone.*timeZone/,
  ),
  refusal(
    'a zone behind a time',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01T05:00+01:00[Europe/Berlin],1\na,2024-01-01T06:00+01:00[Europe/Berlin],2\n',
    'TIMESTAMP_INVALID',
    /"Europe\/Berlin"/,
  ),
  refusal(
    'one serial date among dates',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\na,45294,3\n',
    'TIMESTAMP_INVALID',
    /45294 is 2024-01-03 as a serial date of Excel/,
  ),
  refusal(
    'merged cells, whatever may be rejected',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01,1\n,2024-01-02,2\n,2024-01-03,3\nb,2024-01-01,4\n,2024-01-02,5\n',
    'ID_MISSING',
    /merged cells/,
    { options: { maxRejectedShare: 1 } },
  ),
  ...strangers,
  refusal('an empty file', 'f.csv', '', 'EMPTY_FILE', /f\.csv is empty/),
  refusal('only spaces', 'f.csv', ' \n\n \n', 'EMPTY_FILE', /empty/),
  refusal('only a BOM', 'f.csv', '\ufeff', 'EMPTY_FILE', /empty/),
  refusal('an empty gzip', 'f.csv.gz', gzipSync(''), 'EMPTY_FILE', /empty/),
  refusal('an empty JSON array', 'f.json', '[]', 'NO_ROWS', /no rows|empty/),
  refusal('a header alone', 'f.csv', 'unique_id,ds,y\n', 'NO_ROWS', /f\.csv has a header and no rows/),
  refusal('a header alone, without newline', 'f.csv', 'unique_id,ds,y', 'NO_ROWS', /no rows/),
  refusal('CSV called Parquet', 'f.parquet', csv, 'FORMAT_MISMATCH', /Its name says \.parquet/),
  refusal('CSV called JSON', 'f.json', csv, 'FORMAT_MISMATCH', /CSV/),
  refusal('CSV called NDJSON', 'f.ndjson', csv, 'FORMAT_MISMATCH', /CSV/),
  refusal('JSON called CSV', 'f.csv', '[{"unique_id":"a","ds":"2024-01-01","y":1}]', 'FORMAT_MISMATCH', /JSON/),
  refusal('NDJSON called CSV', 'f.csv', '{"unique_id":"a","ds":"2024-01-01","y":1}\n', 'FORMAT_MISMATCH', /NDJSON/),
  refusal('a web page called CSV', 'f.csv', '<!DOCTYPE html><html><body>Please sign in</body></html>', 'FORMAT_MISMATCH', /web page/),
  refusal('XML', 'f.xml', '<?xml version="1.0"?><rows/>', 'FORMAT_UNSUPPORTED', /XML/),
  refusal('CSV that should be read as Parquet', 'upload', csv, 'FORMAT_MISMATCH', /parquet/, { options: { format: 'parquet' } }),
  refusal('a Parquet file that was cut off', 'f.parquet', 'PAR1\x15\x04', 'FILE_DAMAGED', /again/),
  refusal('a gzip that was cut off', 'f.csv.gz', gzipSync(csv.repeat(50)).subarray(0, 40), 'FILE_DAMAGED', /damaged or was cut off/),
  ...tornPacks(),
  refusal(
    'a zstd that was damaged',
    'f.csv.zst',
    Buffer.concat([zstdCompressSync(csv).subarray(0, 8), Buffer.from('nonsense')]),
    'FILE_DAMAGED',
    /damaged/,
  ),
  refusal('JSON that was cut off', 'f.json', '[{"unique_id":"a","ds":"2024-01-01","y":1},{"unique_id":', 'JSON_INVALID', /array/),
  refusal('a JSON array of numbers', 'f.json', '[1,2,3]', 'JSON_INVALID', /objects/),
  refusal('JSON text', 'f.json', '"hello"', 'FORMAT_MISMATCH', /JSON/),
  refusal('no header', 'f.csv', 'a,2024-01-01,1\na,2024-01-02,2\n', 'HEADER_MISSING', /names of the columns/),
  refusal(
    'the series column missing',
    'f.csv',
    'id,ds,y\na,2024-01-01,1\n',
    'COLUMN_MISSING',
    /"unique_id".*id, ds, y.*Did you mean "id"/,
    { error: { code: 'COLUMN_MISSING', subject: { column: 'unique_id', present: ['id', 'ds', 'y'], nearest: 'id' } } },
  ),
  refusal('the time column missing', 'f.csv', 'unique_id,date,y\na,2024-01-01,1\n', 'COLUMN_MISSING', /"ds".*Did you mean "date"/),
  refusal('the value column missing', 'f.csv', 'unique_id,ds,sales\na,2024-01-01,1\n', 'COLUMN_MISSING', /"y".*Did you mean "sales"/),
  refusal('a column misspelt', 'f.csv', 'unique_id,ds,demnad\na,2024-01-01,1\n', 'COLUMN_MISSING', /Did you mean "demnad"/, {
    options: { valueColumn: 'demand' },
  }),
  refusal('no column of use', 'f.csv', 'foo,bar,baz\nx,y,z\n', 'COLUMN_MISSING', /foo, bar, baz/),
  refusal(
    'the series column missing beside a value of another name',
    'f.csv',
    'store,ds,sold\nnorth,2024-01-01,1\n',
    'COLUMN_MISSING',
    /unique_id/,
  ),
  refusal(
    'all three columns of other names',
    'f.csv',
    'store,date,sales\nn,2024-01-01,1\n',
    'COLUMN_MISSING',
    /Set timeColumn "date", valueColumn "sales", idColumn "store"/,
    {
      error: { code: 'COLUMN_MISSING', subject: { suggested: { idColumn: 'store', timeColumn: 'date', valueColumn: 'sales' } } },
    },
  ),
  refusal(
    'all three columns in another language',
    'f.csv',
    'Umsatz;Filiale;Datum\n1.234,50;Nord;01.02.2024\n2.345,00;Nord;02.02.2024\n',
    'COLUMN_MISSING',
    /Set timeColumn "Datum", valueColumn "Umsatz", idColumn "Filiale"/,
  ),
  refusal(
    'a time and a value of other names, and no series',
    'f.csv',
    'Tag,Wert\n2024-01-01,1\n',
    'COLUMN_MISSING',
    /Set timeColumn "Tag", valueColumn "Wert", idColumn "" \(one series\)/,
  ),
  refusal('one column', 'f.csv', 'hello\nworld\n', 'COLUMN_MISSING', /hello/),
  refusal('prose', 'f.txt', 'Dear colleagues,\nplease find the data attached.\n', 'COLUMN_MISSING', /unique_id/),
  refusal('a column twice', 'f.csv', 'unique_id,ds,y,y\na,2024-01-01,1,2\n', 'COLUMN_AMBIGUOUS', /2 columns called "y"/),
  refusal('a JSON key missing', 'f.json', '[{"id":"a","ds":"2024-01-01","y":1}]', 'COLUMN_MISSING', /"unique_id"/),
  refusal('covariates in a wide file', 'f.csv', 'ds,a,b\n2024-01-01,1,2\n', 'OPTIONS_CONFLICT', /wide/, {
    options: { layout: 'wide', pastCovariates: ['a'] },
  }),
  refusal(
    'text in the target',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,n/k\n',
    'VALUE_NOT_NUMBER',
    /Line 3: "n\/k" is not a number/,
    { error: { code: 'VALUE_NOT_NUMBER', subject: { line: 3, text: 'n/k' } } },
  ),
  refusal(
    'decimal commas that were not declared',
    'f.csv',
    'unique_id;ds;y\na;2024-01-01;1,5\na;2024-01-02;2,5\n',
    'VALUE_NOT_NUMBER',
    /Set decimalSeparator to ","/,
  ),
  refusal(
    'a lone comma that could be either',
    'f.csv',
    'unique_id;ds;y\na;2024-01-01;1,500\na;2024-01-02;2\n',
    'VALUE_NOT_NUMBER',
    /decimalSeparator.*thousandsSeparator/,
  ),
  refusal(
    'a lone point under a decimal comma',
    'f.csv',
    'unique_id;ds;y\na;2024-01-01;1.500\na;2024-01-02;2\n',
    'VALUE_NOT_NUMBER',
    /thousandsSeparator/,
    { options: { decimalSeparator: ',' } },
  ),
  refusal(
    'more rejects than are allowed',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01,x\na,2024-01-02,y\na,2024-01-03,3\n',
    'VALUE_NOT_NUMBER',
    /1 more row was rejected/,
    { options: { maxRejectedShare: 0.5 } },
  ),
  refusal('nothing but rejects', 'f.csv', 'unique_id,ds,y\na,2024-01-01,x\na,2024-01-02,y\n', 'VALUE_NOT_NUMBER', /Line 2/, {
    options: { maxRejectedShare: 1 },
  }),
  refusal('text for times', 'f.csv', 'unique_id,ds,y\na,soon,1\na,later,2\n', 'TIMESTAMP_INVALID', /holds no timestamps/),
  refusal(
    'one time that is none',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01,1\na,2024-01-32,2\na,2024-01-03,3\n',
    'TIMESTAMP_INVALID',
    /Line 3: "2024-01-32"/,
  ),
  refusal('a row without a time', 'f.csv', 'unique_id,ds,y\na,2024-01-01,1\na,,2\na,2024-01-03,3\n', 'TIMESTAMP_MISSING', /Line 3/),
  refusal('a row without a series', 'f.csv', 'unique_id,ds,y\na,2024-01-01,1\n,2024-01-02,2\n', 'ID_MISSING', /Line 3/),
  refusal(
    'days and months that could be swapped',
    'f.csv',
    'unique_id,ds,y\na,01/02/2024,1\na,02/02/2024,2\na,03/02/2024,3\n',
    'DATE_ORDER_AMBIGUOUS',
    /timeFormat.*%d\/%m\/%Y.*%m\/%d\/%Y/,
  ),
  refusal('a time format that is none', 'f.csv', csv, 'TIME_FORMAT_INVALID', /strptime/, { options: { timeFormat: '%Q %!' } }),
  refusal('a time format that fits nothing', 'f.csv', csv, 'TIMESTAMP_INVALID', /2024-01-01/, { options: { timeFormat: '%d/%m/%Y' } }),
  refusal(
    'two rows at one time',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01,1\nb,2024-01-01,1\na,2024-01-01,2\n',
    'DUPLICATE_TIMESTAMP',
    /Series "a".*2024-01-01.*lines 2, 4.*aggregation/,
    { options: { frequency: 'D' }, error: { code: 'DUPLICATE_TIMESTAMP', subject: { series: 'a', time: '2024-01-01', lines: [2, 4] } } },
  ),
  refusal('two equal rows', 'f.csv', `${csv}a,2024-01-02,2\n`, 'DUPLICATE_TIMESTAMP', /Series "a"/),
  refusal(
    'two rows at one instant in two offsets',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01T00:00:00Z,1\na,2024-01-01T01:00:00+01:00,2\n',
    'DUPLICATE_TIMESTAMP',
    /2024-01-01/,
    { options: { frequency: 'h' } },
  ),
  refusal(
    'a time off the grid',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01 00:00,1\na,2024-01-01 00:20,2\n',
    'OFF_GRID',
    /1 of 2 rows is off the grid h: line 3 \(a 2024-01-01 00:20:00\)/,
    { options: { frequency: 'h' } },
  ),
  refusal('days that are no Mondays', 'f.csv', csv, 'OFF_GRID', /grid/, { options: { frequency: 'W-MON' } }),
  refusal(
    'midnights of UTC as days of Berlin',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01T00:00:00Z,1\na,2024-01-02T00:00:00Z,2\n',
    'OFF_GRID',
    /time zone/,
    { options: { frequency: 'D', timeZone: 'Europe/Berlin' } },
  ),
  refusal(
    'seconds, on no known grid',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01 00:00:01,1\na,2024-01-01 00:00:02,2\n',
    'FREQUENCY_NOT_INFERRED',
    /frequency/,
  ),
  refusal('one row tells no frequency', 'f.csv', 'unique_id,ds,y\na,2024-01-01,1\n', 'FREQUENCY_NOT_INFERRED', /frequency/),
  refusal('a frequency that is not known', 'f.csv', csv, 'FREQUENCY_UNKNOWN', /"fortnightly"/, { options: { frequency: 'fortnightly' } }),
  refusal('a zone that is not known', 'f.csv', csv, 'TIME_ZONE_UNKNOWN', /Mars\/Olympus/, { options: { timeZone: 'Mars/Olympus' } }),
  refusal('integers on a grid of days', 'f.csv', 'unique_id,ds,y\na,1,1\na,2,2\n', 'TIMESTAMP_INVALID', /plain integers/, {
    options: { frequency: 'D' },
  }),
  refusal('times for plain integers', 'f.csv', csv, 'TIMESTAMP_INVALID', /plain integers/, { options: { frequency: '1' } }),
  refusal(
    'a quote that never closes',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01,1\n"a,2024-01-02,2\na,2024-01-03,3\n',
    'QUOTES_UNBALANCED',
    /quote/,
  ),
  refusal(
    'values that hold the delimiter',
    'f.csv',
    'unique_id,ds,y\na,2024-01-01,1,5\na,2024-01-02,2,5\n',
    'TOO_MANY_COLUMNS',
    /quotes|delimiter/,
  ),
  refusal(
    'DeepAR lines without a frequency',
    'f.jsonl',
    '{"start":"2024-01-01","target":[1,2]}\n',
    'FREQUENCY_NOT_INFERRED',
    /Name the frequency/,
  ),
  refusal(
    'DeepAR lines with a broken one',
    'f.jsonl',
    '{"start":"2024-01-01","target":[1,2]}\n{"start":"2024-01-01"}\n',
    'ROW_UNREADABLE',
    /Line 2/,
    { options: { frequency: 'D' } },
  ),
  refusal('DeepAR lines with text in the target', 'f.jsonl', '{"start":"2024-01-01","target":[1,"two"]}\n', 'VALUE_NOT_NUMBER', /"two"/, {
    options: { frequency: 'D' },
  }),
];
