/**
 * Upload: choose a file, see its first rows and the suggested mapping, try it dry, commit. The file and the mapping stay
 * until they are committed, so that a mistake is put right without starting over.
 */
import { ingestOptions, type IngestOptionsInput, ingestResult, isFinished } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { count } from '../app/format';
import { useLiveRun } from '../app/live';
import { useClient } from '../app/session';
import { Failure, Page, runDetail } from '../ui/parts';
import { FindingsView } from './upload/findings';
import { MappingForm } from './upload/mappingForm';
import { preview, type Preview, suggestMapping } from './upload/preview';

const nameFrom = (file: File): string =>
  file.name
    .replace(/(\.(csv|tsv|txt|ndjson|jsonl|json|parquet|gz|zst))+$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100);

export function Component() {
  const [address] = useSearchParams();
  const client = useClient();
  const [file, setFile] = useState<File>();
  const [head, setHead] = useState<Preview>();
  const [options, setOptions] = useState<IngestOptionsInput>({ dataset: address.get('dataset') ?? '' });
  const [runId, setRunId] = useState<string>();
  const run = useLiveRun(runId).data;

  const choose = async (chosen: File): Promise<void> => {
    setFile(chosen);
    setRunId(undefined);
    const seen = await preview(chosen);
    setHead(seen);
    setOptions((before) => ({ ...before, dataset: before.dataset || nameFrom(chosen), ...(seen ? suggestMapping(seen) : {}) }));
  };
  const send = useMutation({
    mutationFn: ({ dryRun }: { dryRun: boolean }) => {
      if (!file) throw new Error('Choose a file first.');
      return client.upload(file, file.name, { ...options, dryRun }, crypto.randomUUID());
    },
    onSuccess: (accepted) => setRunId(accepted.runId),
  });

  const checked = ingestOptions.safeParse(options);
  const wrong = checked.success ? {} : Object.fromEntries(checked.error.issues.map((issue) => [String(issue.path[0]), issue.message]));
  const busy = send.isPending || (run !== undefined && !isFinished(run.status));
  const result = run?.status === 'succeeded' ? ingestResult.safeParse(run.result).data : undefined;
  const wasDry =
    run?.config['dryRun'] === true ||
    (run?.config['options'] as { dryRun?: boolean } | undefined)?.dryRun === true ||
    (result?.version === null && !result.unchanged);

  const refusal = wasDry ? result?.refusal : undefined;
  const ready = result !== undefined && wasDry && !refusal;

  return (
    <Page title="Upload" about="CSV, TSV, NDJSON, JSON or Parquet, also compressed. Nothing is stored before you say so.">
      <DropZone file={file} onFile={(chosen) => void choose(chosen)} />
      {file && head && <FirstRows head={head} />}
      {file && (
        <form
          className="card stack"
          onSubmit={(event) => {
            event.preventDefault();
            send.mutate({ dryRun: true });
          }}
        >
          <MappingForm options={options} onChange={setOptions} columns={head?.columns} wrong={wrong} />
          <div className="row">
            <button type="submit" className={ready ? '' : 'primary'} disabled={busy || !checked.success}>
              {busy ? 'Reading …' : 'Try it (stores nothing)'}
            </button>
            <button
              type="button"
              className={ready ? 'primary' : ''}
              disabled={busy || !checked.success}
              onClick={() => send.mutate({ dryRun: false })}
            >
              Store
            </button>
            <span className="muted small">{count(file.size)} bytes</span>
          </div>
        </form>
      )}
      {send.error ? <Failure error={send.error} /> : null}
      {run && !isFinished(run.status) && (
        <section className="card stack" style={{ gap: 8 }}>
          <progress
            aria-label="Reading the file"
            max={1}
            {...(typeof run.progress?.fraction === 'number' ? { value: run.progress.fraction } : {})}
          />
          <span role="status" className="small">
            {runDetail(run)}
          </span>
        </section>
      )}
      {run?.error && (
        <div className="note bad" role="alert">
          <strong>{run.error.detail}</strong>
          {run.error.hint && <span>{run.error.hint}</span>}
          <span>Nothing was stored. Change the mapping above, or choose another file.</span>
          <span className="small muted">{run.error.code}</span>
        </div>
      )}
      {result && run && (
        <section className="card stack" aria-live="polite">
          <h2>
            {wasDry
              ? 'This is what would be stored'
              : result.unchanged
                ? 'Nothing new: every observation was stored already'
                : `Stored as version ${result.version} of ${result.dataset}`}
          </h2>
          {refusal && (
            <div className="note warn">
              <strong>Storing it would be refused. {refusal.detail}</strong>
              {refusal.hint && <span>{refusal.hint}</span>}
              <span>
                Correct the file and choose it again
                {result.findings.rowsRejected > 0 && ', or allow a share of rejected rows under “More options”'}.
              </span>
            </div>
          )}
          <FindingsView findings={result.findings} runId={run.id} />
          {!wasDry && (
            <div className="row">
              <Link className="button primary" to={`/train?dataset=${encodeURIComponent(result.dataset)}`}>
                Train a model
              </Link>
              <Link className="button" to={`/series/${encodeURIComponent(result.dataset)}`}>
                Look at the series
              </Link>
            </div>
          )}
        </section>
      )}
    </Page>
  );
}

function DropZone({ file, onFile }: { file: File | undefined; onFile: (file: File) => void }) {
  const [over, setOver] = useState(false);
  return (
    <label
      className="card drop"
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const dropped = event.dataTransfer.files[0];
        if (dropped) onFile(dropped);
      }}
    >
      <input
        type="file"
        className="visually-hidden"
        onChange={(event) => {
          const chosen = event.target.files?.[0];
          if (chosen) onFile(chosen);
        }}
      />
      <strong>{file ? file.name : 'Drop a file here, or choose one'}</strong>
      <span className="muted small">
        {file ? 'Choose or drop another to replace it.' : 'Columns unique_id, ds and y are known; any others can be mapped.'}
      </span>
    </label>
  );
}

function FirstRows({ head }: { head: Preview }) {
  return (
    <section className="card" style={{ padding: 0 }}>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="First rows of the file">
        <table>
          <thead>
            <tr>
              {head.columns.map((column, index) => (
                <th key={index}>{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {head.rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, column) => (
                  <td key={column} className="mono">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
