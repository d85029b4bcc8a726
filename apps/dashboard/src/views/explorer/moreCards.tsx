/** What a series' page has below its chart and its forecast: loaded once those are drawn. */
import type { Dataset, Forecast } from '@almanac/contracts';
import { ContributionsCard } from './contributions';
import { DecompositionCard } from './decomposition';
import { GapsCard } from './gaps';
import { OverridesCard } from './overrides';
import { TotalsCard } from './totals';

export function MoreCards({ dataset, uniqueId, forecast }: { dataset: Dataset; uniqueId: string; forecast: Forecast | undefined }) {
  return (
    <>
      {forecast && <ContributionsCard key={`why ${forecast.runId} ${uniqueId}`} dataset={dataset} forecast={forecast} />}
      {forecast && <OverridesCard key={`override ${forecast.runId} ${uniqueId}`} dataset={dataset} forecast={forecast} />}
      {forecast && <TotalsCard key={forecast.runId} dataset={dataset} forecast={forecast} />}
      <DecompositionCard key={`parts ${uniqueId}`} dataset={dataset} uniqueId={uniqueId} />
      <GapsCard key={`gaps ${uniqueId}`} dataset={dataset} uniqueId={uniqueId} />
    </>
  );
}
