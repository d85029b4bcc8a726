/**
 * What a dataset gives up by its retention: whatever is older than so many days. It leaves a version without it; a version that a
 * run rests on can be read for replay as before.
 */
import { AlmanacError, Frequency } from '@almanac/series';
import { asSeasonLengths, type Dataset, type DatasetPatch } from '@almanac/contracts';
import type { FlowContext } from '../runs/context.js';
import { toDataset } from '../query/datasets.js';

const DAY_MS = 86_400_000;

type Context = Pick<FlowContext, 'store'>;

/**
 * Says how long a dataset keeps its observations (they go within a minute or so, and then once a day), and what its seasons are.
 * @throws AlmanacError DATASET_NOT_FOUND, RETENTION_WITHOUT_TIME
 */
export async function updateDataset({ store }: Context, name: string, { keepDays, seasonLength }: DatasetPatch): Promise<Dataset> {
  const { frequency, timeZone } = await store.datasets.get(name);
  if (typeof keepDays === 'number' && Frequency.parse(frequency, timeZone).kind === 'integer') {
    throw new AlmanacError('RETENTION_WITHOUT_TIME', `The steps of "${name}" are plain integers, which have no age.`, {
      hint: 'Upload what is to be kept with mode replace.',
      subject: { dataset: name },
      status: 409,
    });
  }
  const seasonLengths = seasonLength === undefined || seasonLength === null ? seasonLength : asSeasonLengths(seasonLength);
  return toDataset(await store.datasets.update(name, { keepDays, seasonLengths }));
}

/** Takes out what has become too old. @returns the names of the datasets that lost something */
export async function applyRetention({ store, now, logger }: Pick<FlowContext, 'store' | 'now' | 'logger'>): Promise<string[]> {
  const present = now().getTime();
  const cut: string[] = [];
  for (const { id, name, frequency, timeZone, keepDays, firstStep } of await store.datasets.listKept()) {
    const grid = Frequency.parse(frequency, timeZone);
    const beforeStep = grid.floorStep(present - keepDays! * DAY_MS);
    // A version a day, not one for every step that grows too old.
    const daily = Math.max(1, grid.floorStep(present) - grid.floorStep(present - DAY_MS));
    if (firstStep === null || beforeStep - firstStep < daily) continue;
    try {
      if ((await store.datasets.cut(id, { beforeStep })) === null) continue;
      await store.datasets.compact(id);
      cut.push(name);
    } catch (error) {
      logger.error({ error, dataset: name }, 'what is too old could not be taken out');
    }
  }
  return cut;
}
