/**
 * Scores on real series for the progress line of a run: information only, nothing is chosen by it. The development data lies beside the
 * repository; a run does without where it is absent.
 */
import { DECILES } from '@almanac/series';
import { groupsOf, rowOf, runNetwork } from '../kinds/pretrained/run.js';
import { LEVELS, LOOK_BACK } from '../kinds/pretrained/shape.js';
import type { Window } from '../kinds/pretrained/window.js';
import { WindowReader } from '../kinds/pretrained/windows.js';
import { readM4, readShared } from '../testing/sharedData.js';
import type { Parameters } from '../training/parameters.js';

interface RealSet {
  name: string;
  horizon: number;
  windows: Window[];
}

export function realSets(): (parameters: Parameters, values: Float32Array) => string {
  const sets = [
    m4Hourly(),
    ...bySplit('tourism', { monthly: [12, 24], quarterly: [4, 8], yearly: [1, 4] }),
    ...bySplit('m3', M3),
    ...rolled(),
  ];
  const reader = new WindowReader();
  return (parameters, values) => sets.map((set) => `${set.name} ${score(set, parameters, values, reader)}`).join('; ');
}

const M3 = { monthly: [12, 18], quarterly: [4, 8], yearly: [1, 6], other: [1, 8] } as const;

function m4Hourly(): RealSet {
  const future = readM4('test');
  const windows = [...readM4('train')].map(([id, values]) => ({
    history: values.slice(-LOOK_BACK),
    season: 24,
    second: 168,
    future: future.get(id)!,
  }));
  return { name: 'm4Hourly', horizon: 48, windows };
}

/** Long files with the columns unique_id, period, t, split, y. */
function bySplit(file: string, periods: Record<string, readonly [number, number]>): RealSet[] {
  const series = new Map<string, { period: string; train: number[]; test: number[] }>();
  for (const [id, period, , split, y] of readShared(`${file}_long`)) {
    const one = series.get(`${period}.${id}`) ?? { period: period!, train: [], test: [] };
    series.set(`${period}.${id}`, one);
    (split === 'train' ? one.train : one.test).push(Number(y));
  }
  return Object.entries(periods).map(([name, [season, horizon]]) => ({
    name: `${file}.${name}`,
    horizon,
    windows: [...series.values()]
      .filter(({ period }) => period === name)
      .map(({ train, test }) => ({
        history: Float64Array.from(train).slice(-LOOK_BACK),
        season,
        second: 0,
        future: Float64Array.from(test).slice(0, horizon),
      })),
  }));
}

/** Single series, forecast from several places. */
function rolled(): RealSet[] {
  const sets: RealSet[] = [];
  const roll = (
    name: string,
    columns: Float64Array[],
    season: number,
    second: number,
    horizon: number,
    places: number,
    apart: number,
  ): void => {
    const windows = columns.flatMap((values) =>
      Array.from({ length: places }, (_, i) => values.length - horizon - i * apart).map((origin) => ({
        history: values.slice(Math.max(0, origin - LOOK_BACK), origin),
        season,
        second,
        future: values.slice(origin, origin + horizon),
      })),
    );
    sets.push({ name, horizon, windows });
  };
  const column = (rows: string[][], i: number): Float64Array => Float64Array.from(rows, (row) => Number(row[i]));
  const exchange = readShared('exchange_rate');
  roll('exchange', Array.from({ length: 8 }, (_, i) => column(exchange, i + 1)), 1, 0, 30, 1, 0); // prettier-ignore
  const ett = readShared('ETTh1').slice(0, 14_400);
  roll('etth1', Array.from({ length: 7 }, (_, i) => column(ett, i + 1)), 24, 168, 48, 20, 140); // prettier-ignore
  roll('taylor', [column(readShared('taylor_halfhourly_long'), 2)], 48, 336, 48, 20, 97);
  roll('taxi', [column(readShared('nyc_taxi_30min_long'), 2)], 48, 336, 48, 20, 97);
  roll('bike', [column(readShared('bike_sharing_hourly_wide'), 8)], 24, 168, 48, 20, 97);
  return sets;
}

/** WQL over the deciles, and how often the 80 % interval holds. */
function score({ horizon, windows }: RealSet, parameters: Parameters, values: Float32Array, reader: WindowReader): string {
  let [loss, size, held, steps] = [0, 0, 0, 0];
  const row = new Float64Array(LEVELS.length);
  for (const { n, places } of groupsOf(windows)) {
    const part = places.map((place) => windows[place]!);
    const run = runNetwork(parameters, values, reader, part, { n, horizon, attention: false });
    part.forEach(({ future }, b) => {
      for (let h = 0; h < horizon; h++) {
        const y = future![h]!;
        if (y !== y) continue;
        rowOf(run, b, h, row);
        for (const level of DECILES) {
          const over = row[LEVELS.indexOf(level)]! - y;
          loss += (2 / DECILES.length) * ((over > 0 ? 1 : 0) - level) * over;
        }
        size += Math.abs(y);
        if (y >= row[LEVELS.indexOf(0.1)]! && y <= row[LEVELS.indexOf(0.9)]!) held++;
        steps++;
      }
    });
  }
  return `${(loss / size).toFixed(4)} (${(held / steps).toFixed(2)})`;
}
