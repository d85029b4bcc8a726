/**
 * Draws docs/models/pictures: what the generator of synthetic series makes, one sheet a family and one of training windows.
 * `npm run pretrain -- --pictures`. The same series every time: seed and stream name them.
 */
import { writeFileSync } from 'node:fs';
import { Draws } from './draws.js';
import { drawWindows } from './sampler.js';
import { synthesise } from './synthesise.js';

const SEED = 11;
const FOLDER = new URL('../../../../docs/models/pictures/', import.meta.url);
const [WIDTH, HEIGHT, GAP, COLUMNS] = [230, 74, 14, 4] as const;
const SEASONS = [
  { season: 12, second: 0 },
  { season: 24, second: 168 },
  { season: 7, second: 0 },
  { season: 1, second: 0 },
];

function path(values: readonly number[], from: number, most: number, low: number, high: number): string {
  const parts: string[] = [];
  let begun = false;
  values.forEach((value, t) => {
    if (Number.isNaN(value)) begun = false;
    else {
      const x = ((from + t) / most) * WIDTH;
      const y = HEIGHT - ((value - low) / (high - low || 1)) * HEIGHT;
      parts.push(`${begun ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`);
      begun = true;
    }
  });
  return parts.join('');
}

function cell(index: number, title: string, history: readonly number[], future: readonly number[] = []): string {
  const all = [...history, ...future].filter((value) => !Number.isNaN(value));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const most = history.length + future.length - 1;
  const x = GAP + (index % COLUMNS) * (WIDTH + GAP);
  const y = GAP + 14 + Math.floor(index / COLUMNS) * (HEIGHT + GAP + 22);
  return [
    `<g transform="translate(${x} ${y})"><text y="-5">${title}</text>`,
    `<path class="known" d="${path(history, 0, most, low, high)}"/>`,
    future.length > 0 ? `<path class="ahead" d="${path(future, history.length, most, low, high)}"/>` : '',
    '</g>',
  ].join('');
}

function sheet(file: string, title: string, cells: readonly string[]): void {
  const rows = Math.ceil(cells.length / COLUMNS);
  const size = [GAP + COLUMNS * (WIDTH + GAP), GAP + rows * (HEIGHT + GAP + 22)];
  const style = [
    'text{font:11px system-ui,sans-serif;fill:#555}path{fill:none;stroke-width:1}.known{stroke:#2f5597}.ahead{stroke:#c55a11}rect{fill:#fff}',
    '@media(prefers-color-scheme:dark){text{fill:#bbb}.known{stroke:#8fb4ff}.ahead{stroke:#ffa75e}rect{fill:#161616}}',
  ].join('');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size[0]} ${size[1]}" role="img" aria-label="${title}"><style>${style}</style><rect width="100%" height="100%"/>${cells.join('')}</svg>\n`;
  writeFileSync(new URL(`${file}.svg`, FOLDER), svg);
}

export function drawPictures(): void {
  for (const [family, purpose] of [
    ['parts', 1],
    ['smoothing', 2],
    ['kernels', 3],
    ['mixture', 4],
  ] as const) {
    const cells = Array.from({ length: 16 }, (_, i) => {
      const seasons = SEASONS[i % SEASONS.length]!;
      const values = synthesise(new Draws(SEED, purpose, i), seasons.season === 24 ? 336 : 144, seasons, family);
      return cell(i, seasons.season > 1 ? `season ${seasons.season}` : 'no season', [...values]);
    });
    sheet(family, `Synthetic series of the family ${family}`, cells);
  }

  const windows = Array.from({ length: 40 }, (_, step) => drawWindows(SEED, step)).flatMap((draft) => draft.windows.slice(0, 1));
  sheet(
    'windows',
    'Windows that a step trains on',
    windows.slice(0, 24).map(({ history, season, future = new Float64Array(0) }, i) => {
      const shown = [...history.slice(-5 * future.length)];
      return cell(i, `${history.length} known, given ${season > 1 ? `season ${season}` : 'no season'}`, shown, [...future]);
    }),
  );
}
