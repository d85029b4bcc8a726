/** The same small table in every way of writing a file: formats, encodings, line ends, quotes, compression, layouts. */
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { csvOf } from '@almanac/contracts/csv';
import type { Case } from './case.js';

const rows: readonly (readonly [string, string, number])[] = [
  ['a', '2024-01-01', 1],
  ['a', '2024-01-02', 2.5],
  ['a', '2024-01-04', -4],
  ['b', '2024-01-02', 20],
  ['b', '2024-01-03', 30],
];
const series: Case['series'] = { a: ['2024-01-01', 1, 2.5, null, -4], b: ['2024-01-02', 20, 30] };
const header = ['unique_id', 'ds', 'y'];
const formulae = ['=1+1', '+49', '-5', '@home', "'=1+1", "''@", "'plain'", '="a",b'];

const delimited = (delimiter: string, newline = '\n', quote = (cell: string): string => cell): string =>
  [header, ...rows].map((row) => row.map((cell) => quote(String(cell))).join(delimiter)).join(newline) + newline;
const quoted = (cell: string): string => `"${cell}"`;
const records = rows.map(([unique_id, ds, y]) => ({ unique_id, ds, y }));
const lines = records.map((record) => JSON.stringify(record)).join('\n') + '\n';
const utf16 = (text: string, order: 'le' | 'be', mark: boolean): Buffer => {
  const buffer = Buffer.from((mark ? '\ufeff' : '') + text, 'utf16le');
  return order === 'le' ? buffer : buffer.swap16();
};

const DELIMITERS: readonly [string, string][] = [
  ['comma', ','],
  ['semicolon', ';'],
  ['tab', '\t'],
  ['pipe', '|'],
];
const NEWLINES: readonly [string, string][] = [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
];
const ENCODINGS: readonly [string, (text: string) => Buffer][] = [
  ['UTF-8', (text) => Buffer.from(text)],
  ['UTF-8 with BOM', (text) => Buffer.from(`\ufeff${text}`)],
  ['UTF-16 LE with BOM', (text) => utf16(text, 'le', true)],
  ['UTF-16 BE with BOM', (text) => utf16(text, 'be', true)],
  ['UTF-16 LE without BOM', (text) => utf16(text, 'le', false)],
  ['UTF-16 BE without BOM', (text) => utf16(text, 'be', false)],
];

const written: Case[] = DELIMITERS.flatMap(([separator, delimiter]) =>
  NEWLINES.flatMap(([ends, newline]) =>
    ENCODINGS.map(([encoding, encode]) => ({
      name: `${separator}, ${ends}, ${encoding}`,
      file: separator === 'tab' ? 'f.tsv' : 'f.csv',
      content: encode(delimited(delimiter, newline)),
      series,
    })),
  ),
);

const packed: Case[] = (
  [
    ['CSV', 'f.csv', delimited(',')],
    ['TSV', 'f.tsv', delimited('\t')],
    ['NDJSON', 'f.ndjson', lines],
    ['JSON', 'f.json', JSON.stringify(records)],
    ['UTF-16 CSV', 'f.csv', utf16(delimited(','), 'le', true)],
  ] as const
).flatMap(([name, file, content]) => [
  { name: `${name}, plain`, file, content: Buffer.from(content), series },
  { name: `${name}, gzip`, file: `${file}.gz`, content: gzipSync(content), series },
  { name: `${name}, zstd`, file: `${file}.zst`, content: zstdCompressSync(content), series },
  { name: `${name}, gzip without saying so`, file, content: gzipSync(content), series },
]);

const csv = delimited(',');
const [firstHalf, secondHalf] = [csv.slice(0, 40), csv.slice(40)];
/** A frame that holds no content, as pzstd writes them between its own. */
const skippable = Buffer.from('502a4d1804000000deadbeef', 'hex');
const unsized = (text: string): Buffer => zstdCompressSync(text, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
const checked = (text: string): Buffer => zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });

const inParts: Case[] = [
  { name: 'gzip in two members', file: 'f.csv.gz', content: Buffer.concat([gzipSync(firstHalf), gzipSync(secondHalf)]), series },
  { name: 'zstd in two frames', file: 'f.csv.zst', content: Buffer.concat([zstdCompressSync(firstHalf), checked(secondHalf)]), series },
  {
    name: 'zstd with frames to skip',
    file: 'f.csv.zst',
    content: Buffer.concat([skippable, unsized(firstHalf), skippable, zstdCompressSync(''), checked(secondHalf)]),
    series,
  },
  {
    name: 'zstd of many blocks',
    file: 'f.csv.zst',
    content: checked(`unique_id,ds,y\n${Array.from({ length: 30_000 }, (_, i) => `a,${i},${(i * 7919) % 10_007}\n`).join('')}`),
    series: { a: ['0', ...Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 10_007)] },
  },
  { name: 'zstd of a run of one byte', file: 'f.csv.zst', content: zstdCompressSync(`${csv}${'\n'.repeat(500_000)}`), series },
  {
    name: 'two ways to end a line',
    file: 'f.csv',
    content: csv.replace('\n', '\r\n').replace(/\n([^\n]*)\n$/, '\r\n$1\n'),
    series,
  },
  {
    name: 'three ways to end a line, and one in quotes',
    file: 'f.csv',
    content: 'unique_id,ds,y\r\n"a\r\nb",2024-01-01,1\n"a\r\nb",2024-01-02,2\r"a\r\nb",2024-01-03,3\r\n',
    series: { 'a\nb': ['2024-01-01', 1, 2, 3] },
  },
];

export const formats: Case[] = [
  ...written,
  ...packed,
  ...inParts,
  { name: 'no newline at the end', file: 'f.csv', content: csv.trimEnd(), series },
  { name: 'blank lines between rows', file: 'f.csv', content: csv.replaceAll('\n', '\n\n'), series },
  { name: 'blank lines before the header', file: 'f.csv', content: `\n\n${csv}`, series },
  { name: 'everything quoted', file: 'f.csv', content: delimited(',', '\n', quoted), series },
  { name: 'everything quoted, CRLF', file: 'f.csv', content: delimited(';', '\r\n', quoted), series },
  { name: 'spaces around cells', file: 'f.csv', content: delimited(',', '\n', (cell) => ` ${cell} `), series },
  { name: 'a comment line first', file: 'f.csv', content: `# exported yesterday\n${csv}`, series },
  { name: 'three title lines first', file: 'f.csv', content: `Sales report\n2024, draft\n\n${csv}`, series },
  { name: 'an Excel separator line first', file: 'f.csv', content: `sep=;\n${delimited(';')}`, series },
  { name: 'no extension at all', file: 'upload', content: csv, series },
  { name: 'a .txt file', file: 'f.txt', content: csv, series },
  { name: 'an upper-case extension', file: 'F.CSV', content: csv, series },
  {
    name: 'columns in another order',
    file: 'f.csv',
    content: 'y,unique_id,ds\n1,a,2024-01-01\n2,a,2024-01-02\n',
    series: { a: ['2024-01-01', 1, 2] },
  },
  {
    name: 'columns in other case',
    file: 'f.csv',
    content: 'Unique_ID,DS,Y\na,2024-01-01,1\na,2024-01-02,2\n',
    series: { a: ['2024-01-01', 1, 2] },
  },
  {
    name: 'columns nobody asked for',
    file: 'f.csv',
    content: 'x,unique_id,note,ds,y\n?,a,"hm, well",2024-01-01,1\n?,a,,2024-01-02,2\n',
    series: { a: ['2024-01-01', 1, 2] },
  },
  {
    name: 'a column without a name',
    file: 'f.csv',
    content: ',unique_id,ds,y\n0,a,2024-01-01,1\n1,a,2024-01-02,2\n',
    series: { a: ['2024-01-01', 1, 2] },
  },
  {
    name: 'two columns of the same name nobody asked for',
    file: 'f.csv',
    content: 'x,x,unique_id,ds,y\n0,0,a,2024-01-01,1\n1,1,a,2024-01-02,2\n',
    series: { a: ['2024-01-01', 1, 2] },
  },
  {
    name: 'a quoted header',
    file: 'f.csv',
    content: '"unique_id","ds","y"\na,2024-01-01,1\na,2024-01-02,2\n',
    series: { a: ['2024-01-01', 1, 2] },
  },
  {
    name: 'rows in no order',
    file: 'f.csv',
    content: `unique_id,ds,y\n${[3, 0, 4, 1, 2].map((at) => rows[at]!.join(',')).join('\n')}\n`,
    series,
  },
  {
    name: 'a delimiter in a quoted name',
    file: 'f.csv',
    content: 'unique_id,ds,y\n"a,b",2024-01-01,1\n"a,b",2024-01-02,2\n',
    series: { 'a,b': ['2024-01-01', 1, 2] },
  },
  {
    name: 'a line break in a quoted name',
    file: 'f.csv',
    content: 'unique_id,ds,y\n"a\nb",2024-01-01,1\n"a\nb",2024-01-02,2\n',
    series: { 'a\nb': ['2024-01-01', 1, 2] },
  },
  {
    name: 'a CRLF in a quoted name',
    file: 'f.csv',
    content: 'unique_id,ds,y\r\n"a\r\nb",2024-01-01,1\r\n"a\r\nb",2024-01-02,2\r\n',
    series: { 'a\r\nb': ['2024-01-01', 1, 2] },
  },
  {
    name: 'a quote in a quoted name',
    file: 'f.csv',
    content: 'unique_id,ds,y\n"a ""1""",2024-01-01,1\n"a ""1""",2024-01-02,2\n',
    series: { 'a "1"': ['2024-01-01', 1, 2] },
  },
  {
    name: 'an apostrophe in a name',
    file: 'f.csv',
    content: "unique_id,ds,y\nO'Hare,2024-01-01,1\nO'Hare,2024-01-02,2\n",
    series: { "O'Hare": ['2024-01-01', 1, 2] },
  },
  {
    name: 'names that look like formulae, as our exports write them',
    file: 'f.csv',
    content: csvOf([
      header,
      ...formulae.flatMap((id) => [
        [id, '2024-01-01', 1],
        [id, '2024-01-02', -2],
      ]),
    ]),
    series: Object.fromEntries(formulae.map((id) => [id, ['2024-01-01', 1, -2]])),
  },
  {
    name: 'names that look like formulae, as other programs write them',
    file: 'f.csv',
    content: 'unique_id,ds,y\n=1+1,2024-01-01,1\n=1+1,2024-01-02,2\n-5,2024-01-01,3\n',
    series: { '=1+1': ['2024-01-01', 1, 2], '-5': ['2024-01-01', 3] },
  },
  {
    name: 'names that look like formulae, unquoted behind their apostrophe',
    file: 'f.csv',
    content: "unique_id,ds,y\n'=1+1,2024-01-01,1\n'=1+1,2024-01-02,2\n'plain',2024-01-01,3\n",
    series: { '=1+1': ['2024-01-01', 1, 2], "'plain'": ['2024-01-01', 3] },
  },
  {
    name: 'columns that look like formulae, wide',
    file: 'f.csv',
    content: csvOf([
      ['ds', '=1+1', "'-x"],
      ['2024-01-01', 1, 10],
      ['2024-01-02', 2, 20],
    ]),
    series: { '=1+1': ['2024-01-01', 1, 2], "'-x": ['2024-01-01', 10, 20] },
  },
  {
    name: 'apostrophes in JSON, where nobody escapes formulae',
    file: 'f.ndjson',
    content: `{"unique_id":"'=1","ds":"2024-01-01","y":1}\n{"unique_id":"'=1","ds":"2024-01-02","y":2}\n`,
    series: { "'=1": ['2024-01-01', 1, 2] },
  },
  {
    name: 'names in many scripts',
    file: 'f.csv',
    content: 'unique_id,ds,y\nZürich,2024-01-01,1\n東京,2024-01-02,2\n🛫,2024-01-03,3\n',
    series: { Zürich: ['2024-01-01', 1], 東京: ['2024-01-02', 2], '🛫': ['2024-01-03', 3] },
  },
  {
    name: 'names in many scripts, UTF-16',
    file: 'f.csv',
    content: utf16('unique_id,ds,y\nZürich,2024-01-01,1\n🛫,2024-01-03,3\n', 'be', true),
    series: { Zürich: ['2024-01-01', 1], '🛫': ['2024-01-03', 3] },
  },
  {
    name: 'names in Windows-1252',
    file: 'f.csv',
    content: Buffer.from('unique_id,ds,y\nZürich,2024-01-01,1\nZürich,2024-01-02,2\n', 'latin1'),
    series: { Zürich: ['2024-01-01', 1, 2] },
  },
  {
    name: 'names that look like numbers',
    file: 'f.csv',
    content: 'unique_id,ds,y\n007,2024-01-01,1\n7,2024-01-02,2\n',
    series: { '007': ['2024-01-01', 1], '7': ['2024-01-02', 2] },
  },
  {
    name: 'names that look like nothing',
    file: 'f.csv',
    content: 'unique_id,ds,y\nNULL,2024-01-01,1\nNaN,2024-01-02,2\n',
    series: { NULL: ['2024-01-01', 1], NaN: ['2024-01-02', 2] },
  },
  {
    name: 'a name of 2,000 characters',
    file: 'f.csv',
    content: `unique_id,ds,y\n${'n'.repeat(2000)},2024-01-01,1\n${'n'.repeat(2000)},2024-01-02,2\n`,
    series: { ['n'.repeat(2000)]: ['2024-01-01', 1, 2] },
  },
  {
    name: 'one series without a name',
    file: 'f.csv',
    content: 'ds,y\n2024-01-01,1\n2024-01-02,2\n',
    options: { idColumn: '' },
    series: { corpus: ['2024-01-01', 1, 2] },
  },
  {
    name: 'columns named by the options',
    file: 'f.csv',
    content: 'shop,day,sold\na,2024-01-01,1\na,2024-01-02,2\n',
    options: { idColumn: 'shop', timeColumn: 'day', valueColumn: 'sold' },
    series: { a: ['2024-01-01', 1, 2] },
  },
  {
    name: 'NDJSON with keys in any order',
    file: 'f.jsonl',
    content: '{"y":1,"ds":"2024-01-01","unique_id":"a"}\n{"unique_id":"a","y":2,"ds":"2024-01-02"}\n',
    series: { a: ['2024-01-01', 1, 2] },
  },
  {
    name: 'NDJSON with null and missing values',
    file: 'f.jsonl',
    content:
      '{"unique_id":"a","ds":"2024-01-01","y":1}\n{"unique_id":"a","ds":"2024-01-02","y":null}\n{"unique_id":"a","ds":"2024-01-03"}\n{"unique_id":"a","ds":"2024-01-04","y":4}\n',
    series: { a: ['2024-01-01', 1, null, null, 4] },
  },
  {
    name: 'NDJSON with numbers as text',
    file: 'f.jsonl',
    content: '{"unique_id":7,"ds":"2024-01-01","y":"1.5"}\n{"unique_id":7,"ds":"2024-01-02","y":"2"}\n',
    series: { '7': ['2024-01-01', 1.5, 2] },
  },
  {
    name: 'NDJSON with odd keys',
    file: 'f.jsonl',
    content: '{"a/b~c":"a","d s":"2024-01-01","y\\"":1}\n{"a/b~c":"a","d s":"2024-01-02","y\\"":2}\n',
    options: { idColumn: 'a/b~c', timeColumn: 'd s', valueColumn: 'y"' },
    series: { a: ['2024-01-01', 1, 2] },
  },
  { name: 'NDJSON with blank lines', file: 'f.jsonl', content: lines.replaceAll('\n', '\n\n'), series },
  { name: 'NDJSON with CRLF', file: 'f.jsonl', content: lines.replaceAll('\n', '\r\n'), series },
  { name: 'NDJSON with a BOM', file: 'f.jsonl', content: `\ufeff${lines}`, series },
  { name: 'NDJSON in a .json file', file: 'f.json', content: lines, series },
  { name: 'JSON over many lines', file: 'f.json', content: JSON.stringify(records, null, 2), series },
  {
    name: 'JSON with nulls',
    file: 'f.json',
    content: JSON.stringify([
      { unique_id: 'a', ds: '2024-01-01', y: 1 },
      { unique_id: 'a', ds: '2024-01-02', y: null },
      { unique_id: 'a', ds: '2024-01-03', y: 3 },
    ]),
    series: { a: ['2024-01-01', 1, null, 3] },
  },
  {
    name: 'wide, one column per series',
    file: 'f.csv',
    content: 'ds,a,b\n2024-01-01,1,\n2024-01-02,2.5,20\n2024-01-03,,30\n2024-01-04,-4,\n',
    series,
  },
  {
    name: 'wide, said so',
    file: 'f.csv',
    content: 'day,a,b\n2024-01-01,1,\n2024-01-02,2.5,20\n2024-01-03,,30\n2024-01-04,-4,\n',
    options: { layout: 'wide', timeColumn: 'day' },
    series,
  },
  {
    name: 'wide, one column per time',
    file: 'f.csv',
    content: 'unique_id,2024-01-01,2024-01-02,2024-01-03,2024-01-04\na,1,2.5,,-4\nb,,20,30,\n',
    series,
  },
  {
    name: 'wide as JSON',
    file: 'f.json',
    content: JSON.stringify([
      { ds: '2024-01-01', a: 1 },
      { ds: '2024-01-02', a: 2.5, b: 20 },
      { ds: '2024-01-03', b: 30 },
      { ds: '2024-01-04', a: -4 },
    ]),
    series,
  },
  {
    name: 'wide with decimal commas',
    file: 'f.csv',
    content: 'ds;a;b\n2024-01-01;1;\n2024-01-02;2,5;20\n2024-01-03;;30\n2024-01-04;-4;\n',
    options: { decimalSeparator: ',' },
    series,
  },
  {
    name: 'DeepAR lines',
    file: 'f.jsonl',
    content: '{"start":"2024-01-01","target":[1,2.5,"NaN",-4]}\n{"start":"2024-01-02 00:00:00","target":[20,30]}\n',
    options: { frequency: 'D' },
    series: { 'series-1': ['2024-01-01', 1, 2.5, null, -4], 'series-2': ['2024-01-02', 20, 30] },
  },
  {
    name: 'DeepAR lines with names',
    file: 'f.json',
    content: '{"item_id":"a","start":"2024-01-01","target":[1,2.5,null,-4]}\n{"item_id":"b","start":"2024-01-02","target":[20,30]}\n',
    options: { frequency: 'D' },
    series,
  },
  {
    name: 'DeepAR lines, monthly, from the middle of a month',
    file: 'f.jsonl',
    content: '{"item_id":"a","start":"2024-01-15","target":[1,2]}\n',
    options: { frequency: 'MS' },
    series: { a: ['2024-01-01', 1, 2] },
  },
  {
    name: 'DeepAR lines with categories and features',
    file: 'f.jsonl',
    content:
      '{"item_id":"a","start":"2024-01-01","target":[1,2],"cat":[3,0],"dynamic_feat":[[5,6,7]]}\n{"item_id":"b","start":"2024-01-01","target":[3],"cat":[4,1],"dynamic_feat":[[8,9,0]]}\n',
    options: { frequency: 'D' },
    series: { a: ['2024-01-01', 1, 2], b: ['2024-01-01', 3] },
    covariates: { a: { dynamic_feat_0: ['2024-01-01', 5, 6, 7] }, b: { dynamic_feat_0: ['2024-01-01', 8, 9, 0] } },
    statics: { a: { cat_0: 3, cat_1: 0 }, b: { cat_0: 4, cat_1: 1 } },
  },
];
