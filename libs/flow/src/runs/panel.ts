/** Reads a panel of a dataset version as the forecasting library wants it. */
import type { Panel, SeriesData } from '@almanac/forecasting';
import { Frequency } from '@almanac/series';
import type { DatasetRecord, Store, StoredSeries } from '@almanac/store';

export interface PanelQuery {
  version: number;
  /** Last step to read. */
  untilStep?: number | undefined;
  ids?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

export const toSeriesData = ({ id, firstStep, values }: StoredSeries): SeriesData => ({ id, firstStep, values });

export function panelOf({ frequency, timeZone }: DatasetRecord, series: readonly SeriesData[]): Panel {
  return { frequency, timeZone, seasonLengths: Frequency.parse(frequency, timeZone).seasonLengths(), series };
}

export async function readPanel(store: Store, dataset: DatasetRecord, query: PanelQuery): Promise<Panel> {
  const series: SeriesData[] = [];
  for await (const one of store.series.readPanel(dataset.id, query)) series.push(toSeriesData(one));
  return panelOf(dataset, series);
}
