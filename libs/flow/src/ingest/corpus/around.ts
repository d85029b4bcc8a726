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
    name: 'periods of half an hour are no hours',
    file: 'f.csv',
    content: table('Date,Period,y', '2024-01-01,1,1', '2024-01-01,48,2'),
    options: { timeColumn: 'Date + Period', idColumn: '' },
    error: { code: 'OPTIONS_CONFLICT', says: /"Date" and "Period" make no time together/ },
  },
  {
    name: 'intervals, and times that are said to be ends',
    file: 'f.csv',
    content: long('2024-01-01 00:00 - 2024-01-01 01:00', '2024-01-01 01:00 - 2024-01-01 02:00'),
    options: { timeMarks: 'end' },
    error: { code: 'OPTIONS_CONFLICT', says: /Leave timeMarks out/ },
  },
];
