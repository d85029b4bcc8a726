/** Two versions side by side: every metric with its difference, and what of their making differs. */
import type { ModelVersion } from '@almanac/contracts';
import { useCall } from '../../app/queries';
import { metric } from '../../app/format';
import { ChartCard } from '../../ui/chartCard';
import { metricColumns } from './scoreTable';

interface Line {
  name: string;
  older: string;
  newer: string;
  /** Of a metric: how the newer one stands to the older. */
  change?: string | undefined;
}

export function Comparison({ versions: [newer, older] }: { versions: [ModelVersion, ModelVersion] }) {
  const [before, after] = [useConfig(older), useConfig(newer)];
  const facts = (name: string, of: (v: ModelVersion) => string): Line => ({ name, older: of(older), newer: of(newer) });
  const settings = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .map((name): Line => ({ name, older: before[name] ?? '–', newer: after[name] ?? '–' }));
  const lines: Line[] = [
    ...metricColumns
      .filter(({ name }) => [older, newer].some((v) => typeof v.score?.metrics[name] === 'number'))
      .map(({ name, title, aim }): Line => {
        const [was, is] = [older.score?.metrics[name], newer.score?.metrics[name]];
        return { name: title, older: metric(was), newer: metric(is), change: changeOf(was, is, aim) };
      }),
    { ...facts('WQL to baseline', (v) => metric(v.wqlRatio)), change: changeOf(older.wqlRatio, newer.wqlRatio) },
    facts('Kind', (v) => v.kind),
    facts('Horizon', (v) => String(v.horizon)),
    facts('Dataset version', (v) => String(v.lineage.datasetVersion)),
    facts('Seed', (v) => String(v.lineage.seed)),
    facts('Engine', (v) => v.lineage.engine),
    facts('Code', (v) => v.lineage.codeVersion),
    ...settings,
  ];
  return (
    <ChartCard
      title="Side by side"
      name={`${newer.model}-${older.version}-${newer.version}`}
      png={false}
      csv={() => [
        ['', `version ${older.version}`, `version ${newer.version}`, 'change'],
        ...lines.map((line) => [line.name, line.older, line.newer, line.change]),
      ]}
    >
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Side by side">
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">What</span>
              </th>
              <th scope="col" className="number">
                Version {older.version}
              </th>
              <th scope="col" className="number">
                Version {newer.version}
              </th>
              <th scope="col" className="number">
                Change
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.name}>
                <th scope="row">{line.name}</th>
                <td className="number">{line.older}</td>
                <td className="number">
                  {line.newer === line.older ? <span className="muted">{line.newer}</span> : <strong>{line.newer}</strong>}
                </td>
                <td className="number">
                  {line.change && <span className={line.change.endsWith('better') ? 'good' : 'bad'}>{line.change}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </ChartCard>
  );
}

/** Less is better, for coverage less distance to the share it should have. */
function changeOf(was: number | null | undefined, is: number | null | undefined, aim?: number): string | undefined {
  if (typeof was !== 'number' || typeof is !== 'number') return undefined;
  const [old, now] = aim === undefined ? [was, is] : [Math.abs(was - aim), Math.abs(is - aim)];
  if (old === now) return undefined;
  const word = now < old ? 'better' : 'worse';
  return aim !== undefined || old === 0
    ? `${(100 * Math.abs(now - old)).toFixed(1)} points ${word}`
    : `${((100 * Math.abs(now - old)) / old).toFixed(1)} % ${word}`;
}

/** What its training was asked for, flat. */
function useConfig(version: ModelVersion): Record<string, string> {
  const run = useCall('getRun', { params: { runId: version.runId } }, { enabled: version.lineage.imported === undefined });
  return Object.fromEntries(
    Object.entries(run.data?.config ?? {})
      .filter(([name]) => !['seed', 'dataset', 'datasetVersion', 'model', 'kind', 'horizon'].includes(name))
      .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}
