/** A name is moved with the evidence in sight and a reason for the history. */
import { type GateVerdict, type ModelVersion, trainResult } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { metric } from '../../app/format';
import { useCall } from '../../app/queries';
import { useClient } from '../../app/session';
import { Failure, Skeleton } from '../../ui/parts';

type Alias = 'champion' | 'challenger';

export function Promotion({
  version,
  champion,
  onDone,
}: {
  version: ModelVersion;
  champion: ModelVersion | undefined;
  onDone: () => void;
}) {
  const client = useClient();
  const cache = useQueryClient();
  const { register, handleSubmit } = useForm({ defaultValues: { reason: '' } });
  const promote = useMutation({
    mutationFn: ({ alias, reason }: { alias: Alias; reason: string }) =>
      client.call('setModelAlias', {
        params: { model: version.model, alias },
        body: { version: version.version, reason },
        // Against another champion than the one in sight it would be decided anew.
        ifMatch: alias === 'champion' ? champion?.etag : undefined,
      }),
    onSuccess: async () => {
      await Promise.all(['listModelVersions', 'listAliasHistory', 'listModels'].map((key) => cache.invalidateQueries({ queryKey: [key] })));
      onDone();
    },
  });
  const as = (alias: Alias) => handleSubmit(({ reason }) => promote.mutate({ alias, reason }));
  return (
    <form className="stack" style={{ gap: 12 }} onSubmit={(event) => void as('champion')(event)}>
      {champion && <Against version={version} champion={champion} />}
      <Gate version={version} />
      <div className="row">
        <input
          style={{ maxWidth: 380 }}
          aria-label="Reason"
          placeholder="Reason, for the history"
          maxLength={500}
          autoFocus
          {...register('reason')}
        />
        <button type="submit" className="primary" disabled={promote.isPending}>
          Make version {version.version} champion
        </button>
        {!version.aliases.includes('challenger') && (
          <button type="button" disabled={promote.isPending} onClick={() => void as('challenger')()}>
            Challenger
          </button>
        )}
      </div>
      {promote.error ? <Failure error={promote.error} /> : null}
    </form>
  );
}

function Against({ version, champion }: { version: ModelVersion; champion: ModelVersion }) {
  const change = (name: string): string => {
    const mine = version.score?.metrics[name];
    const its = champion.score?.metrics[name];
    if (typeof mine !== 'number' || typeof its !== 'number' || its === 0) return 'not known';
    const percent = (100 * (mine - its)) / its;
    return `${Math.abs(percent).toFixed(1)} % ${percent <= 0 ? 'better' : 'worse'}`;
  };
  const sameData = champion.lineage.datasetVersion === version.lineage.datasetVersion;
  return (
    <p>
      Against version {champion.version}, each on the steps held out from it: WQL {change('wql')}, MASE {change('mase')}.
      {!sameData && ' They were measured on different dataset versions.'}
    </p>
  );
}

/** The verdict of the gate, where the version was trained to challenge. */
export function Gate({ version }: { version: ModelVersion }) {
  const run = useCall('getRun', { params: { runId: version.runId } }, { enabled: version.lineage.imported === undefined });
  if (version.lineage.imported) return <p className="muted">It was trained elsewhere: no test against this champion is known.</p>;
  if (run.isPending) return <Skeleton height={40} />;
  const verdict = trainResult.safeParse(run.data?.result).data?.gate;
  if (!verdict)
    return (
      <p className="muted small">
        No test of significance was made: that happens where a training may challenge the champion (“More options” of the form).
      </p>
    );
  return <Verdict verdict={verdict} />;
}

export function Verdict({ verdict }: { verdict: GateVerdict }) {
  return (
    <section aria-label="Evidence" className="stack" style={{ gap: 6 }}>
      <p>
        <strong>{verdict.promoted ? 'The gate let it pass' : 'The gate did not let it pass'}</strong>: {verdict.reason}.
      </p>
      {verdict.tests.length > 0 && (
        <table style={{ width: 'auto' }}>
          <caption className="small muted">
            Diebold–Mariano over {verdict.windows} windows; better where the chance of it being luck is under {verdict.level}
          </caption>
          <thead>
            <tr>
              <th scope="col">Against</th>
              <th scope="col" className="number">
                Its WQL
              </th>
              <th scope="col" className="number">
                WQL of the challenger
              </th>
              <th scope="col" className="number">
                Chance of luck
              </th>
              <th scope="col">Better</th>
            </tr>
          </thead>
          <tbody>
            {verdict.tests.map((test) => (
              <tr key={test.against}>
                <td>{test.against}</td>
                <td className="number">{metric(test.otherWql)}</td>
                <td className="number">{metric(test.challengerWql)}</td>
                <td className="number">{test.pValue < 0.0001 ? 'under 0.0001' : test.pValue.toFixed(4)}</td>
                <td>
                  <span className={test.better ? 'badge good' : 'badge bad'}>{test.better ? 'yes' : 'no'}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
