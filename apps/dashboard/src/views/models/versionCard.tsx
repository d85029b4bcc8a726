/** One version: how accurate it is, what the gate said, what it rests on; to take away or to delete. */
import type { ModelVersion } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useClient } from '../../app/session';
import { Asking } from '../../ui/confirm';
import { save } from '../../ui/download';
import { Failure } from '../../ui/parts';
import { VersionSeries } from '../backtests/bySeries';
import { Choice } from './choice';
import { Lineage } from './lineage';
import { Gate } from './promotion';
import { ScoreTable } from './scoreTable';

export function VersionCard({ version, only }: { version: ModelVersion; only: boolean }) {
  const client = useClient();
  const cache = useQueryClient();
  const params = { model: version.model, version: version.version };
  const scores = useMemo(() => (version.score ? [version.score, ...version.baselines] : []), [version]);
  const away = useMutation({
    mutationFn: async () => {
      const response = await client.stream('exportModelVersion', { params });
      save(await response.blob(), `${version.model}-${version.version}.almanac-model.tar`);
    },
  });
  const remove = useMutation({
    mutationFn: () => client.call('deleteModelVersion', { params, ifMatch: version.etag }),
    onSuccess: () => Promise.all(['listModelVersions', 'listModels'].map((key) => cache.invalidateQueries({ queryKey: [key] }))),
  });
  return (
    <section className="card stack" aria-label={`Version ${version.version}`}>
      <div className="row spread">
        <h2>Version {version.version}</h2>
        <div className="row">
          <button type="button" className="compact" disabled={away.isPending} onClick={() => away.mutate()}>
            {away.isPending ? 'Packing …' : 'Export'}
          </button>
          {!only && version.aliases.length === 0 && (
            <Asking
              label="Delete"
              title={`Delete version ${version.version} of ${version.model}?`}
              act="Delete it"
              disabled={remove.isPending}
              onAct={() => remove.mutate()}
            >
              Its weights go. A version that stored forecasts rest on stays.
            </Asking>
          )}
        </div>
      </div>
      {(away.error ?? remove.error) ? <Failure error={away.error ?? remove.error} /> : null}
      {scores.length > 0 && <ScoreTable scores={scores} />}
      {version.baseline && (
        <p className="small muted">Of the baselines, {version.baseline} did best on the training part: its WQL is what the ratio is to.</p>
      )}
      {version.choice && <Choice choice={version.choice} />}
      <Gate version={version} />
      <details>
        <summary>How good it is on each series</summary>
        <VersionSeries version={version} />
      </details>
      <div>
        <h3>What it rests on, and what rests on it</h3>
        <Lineage version={version} />
      </div>
    </section>
  );
}
