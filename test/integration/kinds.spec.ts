/** What is said about kinds of model stands in their rooms: a look at the source of everything else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLANS } from '@almanac/forecasting';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { kindsGuide } from '../support/kinds-guide.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = 'libs/forecasting/src/kinds/';
/** The same words where they name something else. */
const OTHER_MEANINGS: Record<string, Record<string, string>> = {
  'apps/api/src/openapi/examples.ts': { segment: 'an example of a request, as somebody would send it' },
  'libs/store/src/repositories/seriesScores.ts': { seasonalNaive: 'the label that stored scores of the reference have' },
  'apps/dashboard/src/views/backtests/bySeries.tsx': { naive: 'a column of a table' },
  'apps/dashboard/src/views/monitoring.tsx': { naive: 'a column of a table', drift: 'a column of a file: whether inputs drift' },
};

/** A word that settings of every sort have (`frequency: auto`, `device: auto`), and so says nothing of the kind. */
const COMMON_WORD = 'auto';

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ['dist', 'node_modules', 'testing'].includes(entry.name) ? [] : sources(path);
    return /\.tsx?$/.test(path) && !/\.(spec|d)\.ts$/.test(path) && !path.startsWith(ROOMS) ? [path] : [];
  });
}

function literals(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it('the name of a kind of model is spelled in its room only', () => {
  const kinds = new Set(PLANS.map(({ kind }) => kind));
  const spelled = ['libs', 'apps', 'infra'].flatMap(sources).flatMap((path) =>
    literals(path)
      .filter((text) => kinds.has(text) && text !== COMMON_WORD && OTHER_MEANINGS[path]?.[text] === undefined)
      .map((text) => `${path} says "${text}"`),
  );
  expect(spelled).toEqual([]);
});

it('no room spells the name of another', () => {
  const rooms = new Map<string, Set<string>>();
  for (const { kind } of PLANS) {
    const room = readdirSync(join(root, ROOMS), { withFileTypes: true }).find((entry) => entry.isDirectory() && entry.name === kind);
    const name = room?.name ?? 'baselines';
    rooms.set(name, (rooms.get(name) ?? new Set()).add(kind));
  }
  // `linear` is a schedule of the recurrent decoder's teacher, too.
  const schedules: Record<string, string> = { recurrent: 'linear' };
  const all = new Set(PLANS.map(({ kind }) => kind));
  for (const [room, own] of rooms)
    for (const file of readdirSync(join(root, ROOMS, room), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'),
    ))
      expect(
        literals(`${ROOMS}${room}/${file}`).filter(
          (text) => all.has(text) && text !== COMMON_WORD && !own.has(text) && schedules[room] !== text,
        ),
        `${room}/${file}`,
      ).toEqual([]);
});

it('the guide lists every kind with its settings (npm run guide:kinds writes it)', () => {
  expect(readFileSync(join(root, 'docs/guide/kinds.md'), 'utf8')).toBe(kindsGuide());
});
