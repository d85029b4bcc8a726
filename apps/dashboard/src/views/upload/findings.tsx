/** What was understood of a file: frequency, gaps, duplicates, and the rows that were refused with line and reason. */
import type { Findings } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useClient } from '../../app/session';
import { count, time } from '../../app/format';
import { save } from '../../ui/download';
import { Failure } from '../../ui/parts';

const rules: Record<string, string> = {
  VALUE_NOT_NUMBER: 'the target is no number',
  TIME_NOT_READ: 'the time could not be read',
  ID_MISSING: 'the series has no id',
  OFF_GRID: 'the time is off the rhythm of the others',
  CLOSED_DAY: 'the day is closed',
};

/** @param runId of the run that read it, where its rejected rows can be had */
export function FindingsView({ findings: f, runId }: { findings: Findings; runId?: string }) {
  const facts: [string, React.ReactNode][] = [
    ['Rows read', count(f.rowsRead)],
    ['Series', count(f.series)],
    ['Observations', count(f.observations)],
    ['Frequency', `${f.frequency}, ${f.timeZone}`],
    ['Seasons', f.seasonLengths.length === 0 ? 'none' : `${f.seasonLengths.join(', ')} steps`],
    ['From', time(f.start, f.timeZone)],
    ['To', time(f.end, f.timeZone)],
    ['Gaps', count(f.gaps)],
    ['Filled with zero', count(f.filled)],
    ['Duplicates', count(f.duplicates)],
    ['Negative values', count(f.negatives)],
    ['Series that start with zeros', count(f.leadingZeros)],
    ['Shortest series', f.shortest ? `${f.shortest.uniqueId}, ${count(f.shortest.length)} steps` : '–'],
    ...(f.emptySeries.count > 0
      ? ([['Series without any value', `${count(f.emptySeries.count)}: ${f.emptySeries.ids.slice(0, 5).join(', ')}`]] as [string, string][])
      : []),
    ...(f.totals.sums.length + f.totals.named.length > 0
      ? ([['Totals among the series', [...f.totals.sums, ...f.totals.named].slice(0, 5).join(', ')]] as [string, string][])
      : []),
    ...(f.tooShort
      ? ([[`Shorter than ${count(f.tooShort.steps)} steps`, `${count(f.tooShort.series)} series`]] as [string, string][])
      : []),
    ['Format', `${f.format}, ${f.layout}`],
    ['Speed', `${count(Math.round(f.rowsPerSecond))} rows/s`],
  ];
  return (
    <div className="stack">
      <dl className="facts">
        {facts.map(([name, fact]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
      </dl>
      {f.warnings.map((warning) => (
        <div key={warning} className="note warn">
          {warning}
        </div>
      ))}
      {f.rowsRejected > 0 && (
        <section className="stack" style={{ gap: 8 }}>
          <div className="row spread">
            <h3>{f.rowsRejected === 1 ? '1 row rejected' : `${count(f.rowsRejected)} rows rejected`}</h3>
            {runId !== undefined && <Rejects runId={runId} />}
          </div>
          <div className="table-scroll" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th>Reason</th>
                  <th className="number">Rows</th>
                  <th className="number">Line</th>
                  <th>Text</th>
                </tr>
              </thead>
              <tbody>
                {f.rejections.flatMap((rejection) =>
                  rejection.examples.map((example, index) => (
                    <tr key={`${rejection.rule} ${index}`}>
                      <td>{index === 0 && (rules[rejection.rule] ?? rejection.rule)}</td>
                      <td className="number">{index === 0 && count(rejection.count)}</td>
                      <td className="number">{example.line ?? '–'}</td>
                      <td className="mono">{example.text}</td>
                    </tr>
                  )),
                )}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </div>
  );
}

function Rejects({ runId }: { runId: string }) {
  const client = useClient();
  const download = useMutation({
    mutationFn: async () => {
      const csv = await client.call('downloadRejects', { params: { runId } });
      save(new Blob([csv], { type: 'text/csv' }), `rejects-${runId}.csv`);
    },
  });
  return (
    <>
      <button type="button" className="compact" disabled={download.isPending} onClick={() => download.mutate()}>
        Download them all
      </button>
      {download.error ? <Failure error={download.error} /> : null}
    </>
  );
}
