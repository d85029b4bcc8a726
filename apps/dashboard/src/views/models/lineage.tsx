/** What a version rests on, from the uploaded bytes to the forecasts: a chain that can be walked. */
import type { ModelVersion } from '@almanac/contracts';
import { Link } from 'react-router';

export function Lineage({ version: v }: { version: ModelVersion }) {
  const { lineage } = v;
  const dataset = `/series/${encodeURIComponent(lineage.dataset)}`;
  return (
    <ol className="lineage" aria-label="Lineage">
      <li>
        <span className="muted small">{lineage.uploads.length === 1 ? 'Upload' : `${lineage.uploads.length} uploads`}</span>
        {lineage.uploads.slice(0, 3).map((sha256) => (
          <code key={sha256} title={sha256}>
            {sha256.slice(0, 12)}
          </code>
        ))}
      </li>
      <li>
        <span className="muted small">Dataset</span>
        <Link to={dataset}>
          {lineage.dataset} version {lineage.datasetVersion}
        </Link>
      </li>
      <li>
        <span className="muted small">Training run</span>
        <Link to={`/runs/${v.runId}`}>{v.runId.slice(0, 8)}</Link>
        <span className="small muted">
          seed {lineage.seed}, code {lineage.codeVersion}
        </span>
        <span className="small muted">{lineage.engine}</span>
      </li>
      <li>
        <span className="muted small">Model version</span>
        <strong>
          {v.model} {v.version}
        </strong>
      </li>
      <li>
        <span className="muted small">Forecasts</span>
        <Link to={dataset}>of {lineage.dataset}</Link>
      </li>
    </ol>
  );
}
