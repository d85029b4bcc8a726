/** What a dataset that is there has against a file: another grid, or a channel of another kind. */
import { AlmanacError, Frequency } from '@almanac/series';
import type { DatasetDefinition } from '../records.js';

/** The channels that a file would write. */
export function channelsOf(given: DatasetDefinition): { name: string; kind: string }[] {
  return [
    { name: 'y', kind: 'target' },
    ...(given.pastCovariates ?? []).map((name) => ({ name, kind: 'past' })),
    ...(given.futureCovariates ?? []).map((name) => ({ name, kind: 'future' })),
  ];
}

/**
 * @param dataset what it is on; undefined where that is not the question
 * @returns DATASET_GRID_DIFFERS or CHANNEL_KIND_DIFFERS; undefined where the file fits
 */
export function conflictWith(
  dataset: { frequency: string; timeZone: string } | undefined,
  channels: readonly { name: string; kind: string }[],
  given: DatasetDefinition,
): AlmanacError | undefined {
  const asked = Frequency.parse(given.frequency, given.timeZone);
  if (dataset && (dataset.frequency !== asked.code || dataset.timeZone !== asked.timeZone)) {
    return new AlmanacError(
      'DATASET_GRID_DIFFERS',
      `The dataset "${given.name}" is on the grid ${labelOf(dataset)} (${dataset.timeZone}), not ${asked.label} (${asked.timeZone}).`,
      {
        hint: 'Upload to a dataset of another name, or name the frequency and time zone the dataset has.',
        subject: { dataset: given.name, frequency: labelOf(dataset), timeZone: dataset.timeZone },
        status: 409,
      },
    );
  }
  for (const { name, kind } of channelsOf(given)) {
    const known = channels.find((channel) => channel.name === name);
    if (known && known.kind !== kind) {
      return new AlmanacError(
        'CHANNEL_KIND_DIFFERS',
        `"${name}" is a ${known.kind} channel of the dataset "${given.name}", not a ${kind} one.`,
        { hint: 'Name it as what it is, or rename the column.', subject: { channel: name, kind: known.kind } },
      );
    }
  }
  return undefined;
}

const labelOf = ({ frequency, timeZone }: { frequency: string; timeZone: string }): string => Frequency.parse(frequency, timeZone).label;
