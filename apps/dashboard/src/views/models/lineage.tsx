/**
 * What a version rests on and what rests on it, as a graph: uploaded files, dataset version, training, the version, its
 * forecasts. Every node is a link, so that the graph can be walked by pointer or keyboard.
 */
import { forecastResult, type ModelVersion, type Run } from '@almanac/contracts';
import { Link } from 'react-router';
import { ago, count } from '../../app/format';
import { useAll, useCall } from '../../app/queries';
import { edgesOf, type GraphNode, place, SIZE } from './graph';

/** Newest forecasts that are drawn; the others are counted. */
const FORECASTS = 3;
const UPLOADS = 4;

interface Props {
  version: ModelVersion;
  /** Where the reader stands: the key of a node. */
  here?: string;
}

export function Lineage({ version: v, here = 'version' }: Props) {
  const { lineage } = v;
  const versions = useAll('listDatasetVersions', { params: { dataset: lineage.dataset } });
  const runs = useCall('listRuns', {
    query: { kind: 'forecast', dataset: lineage.dataset, model: v.model, status: 'succeeded', limit: 1000 },
  });
  const nodes = nodesOf(v, versions.data?.items ?? [], runs.data ?? { items: [], next: null }, here);
  const { at, width, height } = place(nodes);
  return (
    <div className="lineage" tabIndex={0} role="region" aria-label="Lineage">
      <div style={{ width, height, position: 'relative' }}>
        <svg width={width} height={height} aria-hidden="true">
          {edgesOf(nodes).map(({ from, to }) => {
            const [a, b] = [at.get(from), at.get(to)];
            if (!a || !b) return null;
            const [x1, y1, x2, y2] = [a.x + SIZE.width, a.y + SIZE.height / 2, b.x, b.y + SIZE.height / 2];
            const bend = (x2 - x1) / 2;
            return <path key={`${from} ${to}`} d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 6} ${y2}m-6 -4l6 4l-6 4`} />;
          })}
        </svg>
        <ol>
          {nodes.map((node) => (
            <li
              key={node.key}
              data-here={node.key === here || undefined}
              style={{ left: at.get(node.key)?.x, top: at.get(node.key)?.y, width: SIZE.width, height: SIZE.height }}
            >
              <span className="muted small">{node.kind}</span>
              <Link to={node.to} title={node.title ?? node.name} aria-current={node.key === here || undefined}>
                {node.name}
              </Link>
              {node.detail && <span className="small muted">{node.detail}</span>}
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}

type Files = readonly { version: number; fileName: string | null; sha256: string | null }[];

function nodesOf(v: ModelVersion, files: Files, runs: { items: readonly Run[]; next: string | null }, here: string): GraphNode[] {
  const { lineage } = v;
  const dataset = `/datasets/${encodeURIComponent(lineage.dataset)}`;
  const uploads = lineage.uploads.slice(-UPLOADS).map((sha256): GraphNode => {
    const file = files.find((one) => one.sha256 === sha256);
    return {
      key: sha256,
      layer: 0,
      kind: 'Upload',
      name: file?.fileName ?? sha256.slice(0, 12),
      title: sha256,
      detail: `sha256 ${sha256.slice(0, 8)}…`,
      to: file ? `${dataset}?version=${file.version}` : dataset,
      from: [],
    };
  });
  const hidden = lineage.uploads.length - uploads.length;
  if (hidden > 0) uploads.unshift({ key: 'uploads', layer: 0, kind: 'Uploads', name: `${hidden} before these`, to: dataset, from: [] });
  const made = runs.items.flatMap((run) => {
    const result = forecastResult.safeParse(run.result).data;
    return result && result.model === v.model && result.version === v.version ? [{ run, result }] : [];
  });
  const newest = made.slice(0, FORECASTS);
  const own = made.find(({ run }) => run.id === here);
  // Where the reader stands is drawn, however old it is.
  const shown = own && !newest.includes(own) ? [...newest.slice(0, FORECASTS - 1), own] : newest;
  const forecasts = shown.map(({ run, result }): GraphNode => ({
    key: run.id,
    layer: 4,
    kind: 'Forecast',
    name: `${result.series.toLocaleString('en')} series, ${result.horizon} steps`,
    detail: ago(run.createdAt),
    to: `/runs/${run.id}`,
    from: ['version'],
  }));
  if (made.length > FORECASTS)
    forecasts.push({
      key: 'forecasts',
      layer: 4,
      kind: 'Forecasts',
      name: `${runs.next === null ? '' : 'at least '}${count(made.length - FORECASTS)} more`,
      to: '/runs?kind=forecast',
      from: ['version'],
    });
  return [
    ...uploads,
    {
      key: 'dataset',
      layer: 1,
      kind: 'Dataset',
      name: `${lineage.dataset} version ${lineage.datasetVersion}`,
      to: `${dataset}?version=${lineage.datasetVersion}`,
      from: uploads.map(({ key }) => key),
    },
    {
      key: 'training',
      layer: 2,
      kind: lineage.imported ? 'Imported' : 'Training run',
      name: lineage.imported ? `${lineage.imported.model} ${lineage.imported.version}` : v.runId.slice(0, 8),
      title: v.runId,
      detail: [
        `seed ${lineage.seed}, code ${lineage.codeVersion}, ${lineage.engine}`,
        ...(lineage.partialSteps ? [`${count(lineage.partialSteps.count)} steps left out, which events cover in part`] : []),
      ].join('; '),
      to: `/runs/${v.runId}`,
      from: ['dataset'],
    },
    {
      key: 'version',
      layer: 3,
      kind: v.aliases.length > 0 ? v.aliases.join(', ') : 'Model version',
      name: `${v.model} ${v.version}`,
      title: `${v.model} version ${v.version}`,
      to: `/models/${encodeURIComponent(v.model)}?version=${v.version}`,
      from: ['training'],
    },
    ...forecasts,
  ];
}
