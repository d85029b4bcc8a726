import { Frequency } from '@almanac/series';
import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../kinds/segment/config.js';
import { type Forecaster, type Panel, type SeriesData } from '../forecaster.js';
import { createForecaster, loadForecaster } from '../kinds/registry.js';
import { CALENDAR_FIELDS, calendarNames, withCalendar, type CalendarSettings } from './calendarCovariates.js';
import { Random } from './random.js';

const stepOf = (frequency: string, timeZone: string, time: string): number =>
  Frequency.parse(frequency, timeZone).floorStep(Date.parse(time));

/** One series of `count` steps from `time` on, and what the calendar says about it. */
async function read(
  frequency: string,
  timeZone: string,
  time: string,
  count: number,
  calendar: CalendarSettings,
): Promise<Record<string, number[]>> {
  const series: SeriesData = { id: 's', firstStep: stepOf(frequency, timeZone, time), values: new Float64Array(count) };
  const panel = await withCalendar({ frequency, timeZone, seasonLengths: [], series: [series] }, calendar, 2);
  return Object.fromEntries(Object.entries(panel.series[0]!.futureCovariates!).map(([name, values]) => [name, [...values]]));
}

describe('the calendar as covariates', () => {
  it('knows the public holidays of a country and its regions, their eves, and the days after', async () => {
    const christmas = await read('D', 'Europe/Berlin', '2024-12-23T00:00+01:00', 4, { holidays: ['DE'] });
    expect(christmas).toEqual({
      'holiday.DE': [0, 0, 1, 1, 0, 0], // 23 … 26, and 27, 28 of the horizon
      'holiday.DE.eve': [0, 1, 0, 0, 0, 0],
      'holiday.DE.after': [0, 0, 0, 0, 1, 0],
    });
    const corpusChristi = { holidays: ['DE-BY', 'DE-BE'] };
    const regions = await read('D', 'Europe/Berlin', '2024-05-30T00:00+02:00', 1, corpusChristi);
    expect([regions['holiday.DE-BY']![0], regions['holiday.DE-BE']![0]]).toEqual([1, 0]);
  });

  it('goes by the local day and hour of the zone, through summer time, on a grid of hours', async () => {
    // 2024-12-25 begins at 23:00 UTC of the day before in Berlin.
    const hours = await read('h', 'Europe/Berlin', '2024-12-24T22:00Z', 3, { holidays: ['DE'], fields: ['timeOfDay'] });
    expect(hours['holiday.DE']).toEqual([0, 1, 1, 1, 1]);
    expect(hours['holiday.DE.eve']).toEqual([1, 0, 0, 0, 0]);
    const clock = async (time: string): Promise<number> => {
      const { 'calendar.timeOfDay.sin': sin, 'calendar.timeOfDay.cos': cos } = await read('h', 'Europe/Berlin', time, 1, {
        fields: ['timeOfDay'],
      });
      return ((Math.atan2(sin![0]!, cos![0]!) / (2 * Math.PI)) * 24 + 24) % 24;
    };
    expect(await clock('2024-01-10T06:00Z')).toBeCloseTo(7, 9);
    expect(await clock('2024-07-10T06:00Z')).toBeCloseTo(8, 9);
  });

  it('counts the holidays of longer steps, and tells months and weekends', async () => {
    const months = await read('MS', 'America/New_York', '2024-11-01T00:00-04:00', 1, { holidays: ['US'], fields: ['monthOfYear'] });
    expect(months['holiday.US']![0]).toBe(2); // Veterans Day and Thanksgiving
    expect(months['calendar.monthOfYear.sin']![0]).toBeCloseTo(Math.sin((2 * Math.PI * 10) / 12), 12);
    const days = await read('D', 'Asia/Tokyo', '2024-05-03T00:00+09:00', 3, { fields: ['weekend', 'dayOfMonth', 'dayOfWeek'] });
    expect(days['calendar.weekend']).toEqual([0, 1, 1, 0, 0]);
    expect(Object.keys(days)).toEqual(calendarNames({ fields: ['weekend', 'dayOfMonth', 'dayOfWeek'] }));
  });

  it('covers every series of a panel over its own steps, and leaves the panel as it was', async () => {
    const first = stepOf('D', 'UTC', '2024-01-01');
    const make = (id: string, from: number, length: number): SeriesData => ({
      id,
      firstStep: first + from,
      values: new Float64Array(length),
    });
    const panel: Panel = { frequency: 'D', timeZone: 'UTC', seasonLengths: [7], series: [make('a', 0, 10), make('b', 4, 3)] };
    const calendar = { fields: [...CALENDAR_FIELDS], holidays: ['US'] };
    const { series } = await withCalendar(panel, calendar, 5);
    expect(panel.series[0]!.futureCovariates).toBeUndefined();
    for (const name of calendarNames(calendar)) {
      const [a, b] = series.map((one) => one.futureCovariates![name]!) as [Float64Array, Float64Array];
      expect([a.length, b.length]).toEqual([15, 8]);
      expect(b).toEqual(a.slice(4, 12));
    }
    expect(await withCalendar(panel, undefined, 5)).toBe(panel);
  });

  it('names the country, field or grid that it does not know', async () => {
    const of = (calendar: CalendarSettings, frequency = 'D'): Promise<unknown> => read(frequency, 'UTC', '2024-01-01', 2, calendar);
    await expect(of({ holidays: ['XX'] })).rejects.toMatchObject({ code: 'COUNTRY_UNKNOWN', subject: { country: 'XX' } });
    await expect(of({ holidays: ['DE-XX'] })).rejects.toMatchObject({ code: 'COUNTRY_UNKNOWN' });
    await expect(of({ fields: ['moon' as 'weekend'] })).rejects.toThrow(/moon/);
    await expect(of({ fields: ['weekend'] }, '1')).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
  });
});

describe('a forecaster with holidays', () => {
  const holidays = async (firstStep: number, count: number): Promise<Float64Array> => {
    const series: SeriesData = { id: 's', firstStep, values: new Float64Array(count) };
    const { series: known } = await withCalendar(
      { frequency: 'D', timeZone: 'Asia/Tokyo', seasonLengths: [], series: [series] },
      { holidays: ['JP'] },
      0,
    );
    return known[0]!.futureCovariates!['holiday.JP']!;
  };

  it('foresees the days that its season does not know of, and keeps its calendar in a checkpoint', async () => {
    const [length, horizon] = [900, 14];
    // The horizon is Golden Week.
    const firstStep = stepOf('D', 'Asia/Tokyo', '2024-04-26T00:00+09:00') - length;
    const closed = await holidays(firstStep, length + horizon);
    const random = new Random(1);
    const all = Array.from({ length: 6 }, (_, s) =>
      Float64Array.from(
        closed,
        (holiday, t) => (s + 1) * (10 + 3 * Math.sin((2 * Math.PI * (firstStep + t)) / 7) - 6 * holiday + 0.3 * random.normal()),
      ),
    );
    const panel: Panel = {
      frequency: 'D',
      timeZone: 'Asia/Tokyo',
      seasonLengths: [7],
      series: all.map((values, s) => ({ id: `s${s}`, firstStep, values: values.slice(0, length) })),
    };
    const base = defaultConfig({ frequency: 'D', seasonLengths: [7], horizon, lengths: [length], count: 6 });
    const config = {
      ...base,
      hidden: 32,
      contextLength: 28,
      cycle: 0,
      levels: [0.5],
      train: { ...base.train, steps: 300, batch: 32, dropout: 0, learningRate: 1e-2 },
    };
    const error = async (model: Forecaster): Promise<number> => {
      const forecasts = await model.predict(panel, { horizon, levels: [0.5] });
      let [sum, count] = [0, 0];
      forecasts.forEach(({ quantiles }, s) =>
        quantiles.forEach((value, t) => {
          if (closed[length + t] === 0) return;
          sum += Math.abs(value - all[s]![length + t]!) / (s + 1);
          count++;
        }),
      );
      return sum / count;
    };
    const fitted = async (calendar?: CalendarSettings): Promise<Forecaster> => {
      const model = createForecaster('segment', { ...config, ...(calendar ? { calendar } : {}) });
      await model.fit(panel, { seed: 1 });
      return model;
    };
    const knowing = await fitted({ holidays: ['JP'] });
    expect(await error(knowing)).toBeLessThan(0.4 * (await error(await fitted())));
    const again = loadForecaster(knowing.save());
    expect(await again.predict(panel, { horizon, levels: [0.5] })).toEqual(await knowing.predict(panel, { horizon, levels: [0.5] }));
  });
});
