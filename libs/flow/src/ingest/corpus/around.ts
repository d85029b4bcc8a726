/** Times with something around them, spread over columns, or of calendars that no file explains. */
import type { Case } from './case.js';

const long = (...times: string[]): string => `unique_id,ds,y\n${times.map((time, at) => `a,"${time}",${at + 1}`).join('\n')}\n`;
const JANUARY: Case['series'] = { a: ['2024-01-01', 1, 2, 3] };
const HOURS: Case['series'] = { a: ['2024-01-01T00:00:00Z', 1, 2, 3] };

const READ: readonly [name: string, times: string[], series: Case['series']][] = [
  ['a weekday before ISO dates', ['Mon, 2024-01-01', 'Tue, 2024-01-02', 'Wed, 2024-01-03'], JANUARY],
  ['a weekday before prose', ['Monday 1 January 2024', 'Tuesday 2 January 2024', 'Wednesday 3 January 2024'], JANUARY],
  ['German weekdays', ['Mo., 01.01.2024', 'Di., 02.01.2024', 'Mi., 03.01.2024', 'Sa., 13.01.2024'], undefined],
  ['weekdays in brackets', ['2024/01/01(月)', '2024/01/02(火)', '2024/01/03(水)'], JANUARY],
  ['French weekdays and months', ['lundi 1 janvier 2024', 'mardi 2 janvier 2024', 'mercredi 3 janvier 2024'], JANUARY],
  ['times of mails', ['Mon, 01 Jan 2024 00:00:00 GMT', 'Tue, 02 Jan 2024 01:00:00 +0100', 'Wed, 03 Jan 2024 00:00:00 GMT'], undefined],
  ['times of web servers', ['01/Jan/2024:01:00:00 +0100', '01/Jan/2024:02:00:00 +0100', '01/Jan/2024:03:00:00 +0100'], HOURS],
  ['times of C', ['Mon Jan  1 00:00:00 2024', 'Tue Jan  2 00:00:00 2024', 'Wed Jan  3 00:00:00 2024'], JANUARY],
  ['days of the year with a dash', ['2024-001', '2024-002', '2024-003'], JANUARY],
  ['months of Eurostat', ['2024M01', '2024M02', '2024M03'], JANUARY],
  [
    'intervals',
    ['2024-01-01 00:00 - 2024-01-01 01:00', '2024-01-01 01:00 - 2024-01-01 02:00', '2024-01-01 02:00 - 2024-01-01 03:00'],
    HOURS,
  ],
  ['intervals of ISO 8601', ['2024-01-01T00:00Z/2024-01-01T01:00Z', '2024-01-01T01:00Z/PT1H', '2024-01-01T02:00Z/PT1H'], HOURS],
];

/** Each would be taken for an offset. */
const CLOCKS = [0, 1, 2, 3, 4, 5].map((hour) => `2024-01-01 0${hour}:00-0${hour + 1}:00`);

const REFUSED: readonly [name: string, times: string[], says: RegExp][] = [
  [
    'fiscal periods',
    ['FY22 P01', 'FY22 P02', 'FY22 P03'],
    /"FY22 P01" names a period of a fiscal year.*If period 1 is January, set timeFormat to FY%y P%m/,
  ],
  ['fiscal periods, the year behind', ['P13 2022', 'P12 2022'], /"P1[23] 2022" names a period/],
  ['fiscal quarters', ['Q1 FY22', 'Q2 FY22', 'Q3 FY22'], /"Q1 FY22" names a period of a fiscal year/],
  ['periods of SAP', ['001.2022', '002.2022', '003.2022'], /"001.2022" names a period/],
  ['periods of SAP without a point', ['2022011', '2022012', '2023001'], /none is beyond 016, in 2 years.*timeFormat to %Y%j/],
  ['years that span two', ['2009/10', '2010/11', '2011/12'], /years that span two.*2009-07-01/],
  ['years that span two, and are no months', ['2013/14', '2014/15', '2015/16'], /"2013\/14" is a year that spans two/],
];

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const periods = (date: string, count: number): string[] => upTo(count).map((n) => `${date},${n},${n}`);
const table = (header: string, ...rows: string[]): string => `${header}\n${rows.join('\n')}\n`;
const one = (...values: [string, ...number[]]): Case['series'] => ({ corpus: values });

const TOGETHER: readonly [time: string, content: string, series: Case['series']][] = [
  [
    'Date + Time',
    table('Date,Time,y', '2024-01-01,00:00,1', '2024-01-01,01:00,2', '2024-01-01,02:00,3'),
    one('2024-01-01T00:00:00Z', 1, 2, 3),
  ],
  ['datum + uhrzeit', table('Datum;Uhrzeit;y', '01.02.2024;22:00:00;1', '01.02.2024;23:00:00;2', '13.02.2024;00:00:00;3'), undefined],
  [
    'Date + Interval',
    table('Date,Interval,y', ...CLOCKS.map((text, at) => `${text.replace(' ', ',')},${at}`)),
    one('2024-01-01T00:00:00Z', 0, 1, 2, 3, 4, 5),
  ],
  [
    'Date + Hour',
    table('Date,Hour,y', '2024-01-01,1,1', '2024-01-01,2,2', ...Array.from({ length: 22 }, (_, at) => `2024-01-01,${at + 3},3`)),
    one('2024-01-01T00:00:00Z', 1, 2, ...Array<number>(22).fill(3)),
  ],
  ['year + month', table('year,month,y', '2023,12,1', '2024,1,2', '2024,2.0,3'), one('2023-12-01', 1, 2, 3)],
  ['Year + Month', table('Year,Month,y', '2023,December,1', '2024,January,2', '2024,February,3'), one('2023-12-01', 1, 2, 3)],
  ['year + month + day', table('year,month,day,y', '2023,12,31,1', '2024,1,1,2', '2024,1,2,3'), one('2023-12-31', 1, 2, 3)],
  ['Jahr + KW', table('Jahr,KW,y', '2023,52,1', '2024,1,2', '2024,KW2,3'), one('2023-12-25', 1, 2, 3)],
  ['year + quarter', table('year,quarter,y', '2023,Q4,1', '2024,Q1,2', '2024,2,3'), one('2023-10-01', 1, 2, 3)],
];

export const around: Case[] = [
  ...READ.map(([name, times, series]): Case => ({ name, file: 'f.csv', content: long(...times), ...(series && { series }) })),
  {
    name: 'clocks that look like offsets',
    file: 'f.csv',
    content: long(...CLOCKS),
    series: { a: ['2024-01-01T00:00:00Z', 1, 2, 3, 4, 5, 6] },
  },
  {
    name: 'a fiscal year from January',
    file: 'f.csv',
    content: long('FY22 P11', 'FY22 P12', 'FY23 P01'),
    options: { timeFormat: 'FY%y P%m' },
    series: { a: ['2022-11-01', 1, 2, 3] },
  },
  ...REFUSED.map(([name, times, says]): Case => ({
    name,
    file: 'f.csv',
    content: long(...times),
    error: { code: 'TIMESTAMP_INVALID', says },
  })),
  ...TOGETHER.map(([timeColumn, content, series]): Case => ({
    name: `${timeColumn} together`,
    file: 'f.csv',
    content,
    options: { timeColumn, idColumn: '' },
    ...(series && { series }),
  })),
  {
    name: 'a date and a clock are proposed together',
    file: 'f.csv',
    content: table('Date,Time,Load', '2024-01-01,00:00,1', '2024-01-01,01:00,2'),
    error: { code: 'COLUMN_MISSING', says: /Set timeColumn "Date \+ Time", valueColumn "Load", idColumn ""/ },
  },
  {
    name: 'a date that was named without its clock',
    file: 'f.csv',
    content: table('Date,Time,Load', '2024-01-01,00:00,1', '2024-01-01,01:00,2'),
    options: { timeColumn: 'Date', valueColumn: 'Load' },
    error: { code: 'COLUMN_MISSING', says: /timeColumn "Date \+ Time"/ },
  },
  {
    name: 'a year and a week are proposed together',
    file: 'f.csv',
    content: table('store,year,week,sales', 'a,2024,1,1', 'a,2024,2,2'),
    error: { code: 'COLUMN_MISSING', says: /timeColumn "year \+ week", valueColumn "sales", idColumn "store"/ },
  },
  {
    name: 'the quarter beside year and month is no series',
    file: 'f.csv',
    content: table('Year,Quarter,Month,Day,Sum of Sales', '2024,Qtr 1,January,1,5', '2024,Qtr 1,January,2,6'),
    error: { code: 'COLUMN_MISSING', says: /timeColumn "Year \+ Month \+ Day", valueColumn "Sum of Sales", idColumn "" / },
  },
  {
    name: 'a date and a settlement period are proposed together',
    file: 'f.csv',
    content: table('settlement_date,settlement_period,demand', '2024-01-01,1,1', '2024-01-01,2,2'),
    error: { code: 'COLUMN_MISSING', says: /timeColumn "settlement_date \+ settlement_period", valueColumn "demand", idColumn ""/ },
  },
  {
    name: 'half hours by their number, on days of 46 and of 50',
    file: 'f.csv',
    content: table('Date,SP,y', ...periods('2024-03-30', 48), ...periods('2024-03-31', 46), ...periods('2024-10-27', 50)),
    options: { timeColumn: 'Date + SP', idColumn: '', timeZone: 'Europe/London' },
    frequency: '30min',
    series: { corpus: ['2024-03-30T00:00:00Z', ...upTo(48), ...upTo(46), ...Array<null>(209 * 48).fill(null), ...upTo(50)] },
  },
  {
    name: 'quarters of an hour by their number, from 0 on, with the day first',
    file: 'f.csv',
    content: table('Datum;Viertelstunde;y', ...upTo(96).map((n) => `13.01.2024;${n - 1};${n}`)),
    options: { timeColumn: 'Datum + Viertelstunde', idColumn: '', timeZone: 'Europe/Berlin' },
    frequency: '15min',
    series: { corpus: ['2024-01-12T23:00:00Z', ...upTo(96)] },
  },
  {
    name: 'hours by their number, of which a day in autumn has 25',
    file: 'f.csv',
    content: table('Date,Hour,y', ...periods('2024-10-26', 24), ...periods('2024-10-27', 25), ...periods('2024-10-28', 24)),
    options: { timeColumn: 'Date + Hour', idColumn: '', timeZone: 'Europe/Berlin' },
    frequency: 'h',
    series: { corpus: ['2024-10-25T22:00:00Z', ...upTo(24), ...upTo(25), ...upTo(24)] },
  },
  {
    name: 'a period that no day of the zone has',
    file: 'f.csv',
    content: table('Date,SP,y', ...periods('2024-10-26', 48), ...periods('2024-10-27', 50), ...periods('2024-10-28', 48)),
    options: { timeColumn: 'Date + SP', idColumn: '' },
    error: { code: 'TIMESTAMP_INVALID', says: /clock of UTC, 2024-10-27 has no period 49, 2024-10-27 has no period 50 .*set timeZone/ },
  },
  {
    name: 'a total among periods',
    file: 'f.csv',
    content: table('Date,SP,y', ...periods('2024-10-26', 48), 'Total,,9'),
    options: { timeColumn: 'Date + SP', idColumn: '' },
    error: { code: 'TIMESTAMP_INVALID', says: /"Total" in column "Date" is no date/ },
  },
  {
    name: 'periods of a day that is cut into 17',
    file: 'f.csv',
    content: table('Date,Period,y', ...periods('2024-01-01', 17), ...periods('2024-01-02', 17)),
    options: { timeColumn: 'Date + Period', idColumn: '' },
    error: { code: 'OPTIONS_CONFLICT', says: /"Date" and "Period" make no time together.*1 to 48/ },
  },
  {
    name: 'hours that end, and times that are said to be ends',
    file: 'f.csv',
    content: table('Date,Hour,y', ...periods('2024-01-01', 24), ...periods('2024-01-02', 24)),
    options: { timeColumn: 'Date + Hour', idColumn: '', timeMarks: 'end' },
    error: { code: 'OPTIONS_CONFLICT', says: /Leave timeMarks out/ },
  },
  {
    name: 'intervals, and times that are said to be ends',
    file: 'f.csv',
    content: long('2024-01-01 00:00 - 2024-01-01 01:00', '2024-01-01 01:00 - 2024-01-01 02:00'),
    options: { timeMarks: 'end' },
    error: { code: 'OPTIONS_CONFLICT', says: /Leave timeMarks out/ },
  },
];
