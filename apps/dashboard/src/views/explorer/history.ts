/** The history of a series and the part of it that the address asks for. */
import type { Dataset } from '@almanac/contracts';
import { useMemo } from 'react';
import { axisPlace } from '../../app/format';
import { useCall } from '../../app/queries';
import { withDetail } from '../../chart/forecastData';
import type { Extent } from '../../chart/panZoom';

const MAX_POINTS = 100_000;

export const EVERYTHING: Extent = { min: -Infinity, max: Infinity };

/** `from` and `to` of the address as on the axis, everything, or undefined: the end. */
export function windowOf(address: URLSearchParams): Extent | undefined {
  if (address.has('all')) return EVERYTHING;
  const [min, max] = ['from', 'to'].map((name) => {
    const text = address.get(name) ?? '';
    return axisPlace(/^-?\d+$/.test(text) ? Number(text) : text);
  }) as [number, number];
  return max > min ? { min, max } : undefined;
}

/** Short enough for an address: 2001-06-30T23:00Z. */
export const minuteOf = (seconds: number, round: (minutes: number) => number): string =>
  new Date(round(seconds / 60) * 60_000).toISOString().replace(/:00\.000Z$/, 'Z');

/** An edge of what is shown, for an address: a minute or a step of plain integers. */
export const edgeOf = (place: number, plain: boolean, round: (minutes: number) => number): string =>
  plain ? String(round(place)) : minuteOf(place, round);

/** The whole history; where that has to be down-sampled, the part that is looked at in full. */
export function useHistory(dataset: Dataset, uniqueId: string, window: Extent | undefined) {
  const params = { dataset: dataset.name, uniqueId };
  const whole = useCall('getObservations', { params, query: { maxPoints: MAX_POINTS } }, { keepPrevious: true });
  const near = window && window !== EVERYTHING && whole.data?.downsampled ? window : undefined;
  const width = near ? near.max - near.min : 0;
  const plain = dataset.frequency === '1';
  const asked = (place: number, round: (steps: number) => number): string =>
    plain ? String(round(place)) : new Date(place * 1000).toISOString();
  const detail = useCall(
    'getObservations',
    {
      params,
      query: near
        ? {
            from: asked(near.min - width, Math.floor),
            to: asked(near.max + width, Math.ceil),
            maxPoints: MAX_POINTS,
          }
        : {},
    },
    { enabled: near !== undefined, keepPrevious: true },
  );
  const closer = near !== undefined;
  const data = useMemo(() => (whole.data && closer ? withDetail(whole.data, detail.data) : whole.data), [whole.data, detail.data, closer]);
  return { ...whole, data };
}
