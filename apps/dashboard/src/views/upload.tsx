/**
 * Upload: choose a file, see its first rows and the suggested mapping, and what a dry run understood of it; then store it, or have it
 * forecast at once. The file and the mapping stay until they are committed, so that a mistake is put right without starting over. The run
 * is in the address: what was found is still there after a reload, and can be shown to others.
 */
import { ingestOptions, type IngestOptionsInput, ingestResult, isFinished, type Run } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { Link, useSearchParams } from 'react-router';
import { bytes } from '../app/format';
import { useLiveRun } from '../app/live';
import { useCancel } from '../app/liveRuns';
import { useRested } from '../app/rested';
import { sendingFetch } from '../app/sending';
import { useSession } from '../app/session';
import { Failure, Page, runDetail } from '../ui/parts';
import type { Budget } from './answer/check';
import { DropZone } from './upload/dropZone';
import { FindingsView } from './upload/findings';
import { FirstRows } from './upload/firstRows';
import type { Fill } from './upload/furtherColumns';
import { Going } from './upload/going';
import { MappingForm } from './upload/mappingForm';
import { preview, type Preview, suggestMapping } from './upload/preview';
import { horizonOf, Questions } from './upload/questions';
import { sendable } from './upload/roles';
import { sampleFile } from './upload/sample';

/** A larger file is read again only when that is asked for. */
const MOST_BYTES_UNASKED = 32e6;

/** What the forecast is asked for with. */
interface Ahead {
  horizon: number;
  budget: Budget;
  fill: Fill;
}

const nameFrom = (file: File): string =>
  file.name
    .replace(/(\.(csv|tsv|txt|ndjson|jsonl|json|parquet|gz|zst))+$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100);

export function Component() {
  const [address, setAddress] = useSearchParams();
  const { clientOver } = useSession();
  const [file, setFile] = useState<File>();
  const [head, setHead] = useState<Preview>();
  const [sent, setSent] = useState<number>();
  const stop = useRef<AbortController>(undefined);
  const form = useForm<IngestOptionsInput>({ defaultValues: { dataset: address.get('dataset') ?? '' } });
  const options = useWatch({ control: form.control }) as IngestOptionsInput;
  const runId = address.get('run') ?? undefined;
  const run = useLiveRun(runId).data;
  const follow = (id: string | undefined, ahead?: Ahead): void =>
    setAddress(
      (before) => {
        const to = { run: id, ahead: ahead?.horizon, budget: ahead?.budget, fill: ahead?.fill };
        for (const [name, value] of Object.entries(to)) {
          if (value === undefined) before.delete(name);
          else before.set(name, String(value));
        }
        return before;
      },
      { replace: true },
    );

  const choose = async (chosen: File): Promise<void> => {
    setFile(chosen);
    send.reset();
    if (runId !== undefined) follow(undefined);
    const seen = await preview(chosen);
    setHead(seen);
    const before = form.getValues();
    // What was chosen by hand stays, as long as the file has these columns.
    const kept = seen && [before.idColumn, before.timeColumn, before.valueColumn].some((name) => name && seen.columns.includes(name));
    form.reset({
      ...before,
      dataset: before.dataset || nameFrom(chosen),
      ...(seen && !kept ? { layout: 'auto', decimalSeparator: '.', thousandsSeparator: undefined, ...suggestMapping(seen) } : {}),
    });
  };
  const [horizon, setHorizon] = useState<number>();
  const [budget, setBudget] = useState<Budget>('standard');
  const [fill, setFill] = useState<Fill>('none');
  /** What was sent last: the same is not read again by itself. */
  const sentLast = useRef('');
  const send = useMutation({
    mutationFn: ({ dryRun }: { dryRun: boolean; ahead?: Ahead }) => {
      if (!file) throw new Error('Choose a file first.');
      sentLast.current = wanted;
      stop.current = new AbortController();
      setSent(0);
      const client = clientOver(sendingFetch(setSent, stop.current.signal));
      return client.upload(file, file.name, { ...sendable(options, columns?.columns), dryRun }, crypto.randomUUID());
    },
    onSuccess: (accepted, { ahead }) => follow(accepted.runId, ahead),
    onSettled: () => setSent(undefined),
  });

  const sampled = useRef(false);
  useEffect(() => {
    if (!address.has('sample') || sampled.current) return;
    sampled.current = true;
    void choose(sampleFile());
  });

  const columns = head ?? columnsOf(run);
  const checked = ingestOptions.safeParse(sendable(options, columns?.columns));
  const wrong = checked.success ? {} : Object.fromEntries(checked.error.issues.map((issue) => [String(issue.path[0]), issue.message]));
  const busy = send.isPending || (run !== undefined && !isFinished(run.status));
  const result = run?.status === 'succeeded' ? ingestResult.safeParse(run.result).data : undefined;
  const dry = run !== undefined && wasDry(run);
  const refusal = dry ? result?.refusal : undefined;
  const wanted = JSON.stringify([file?.name, file?.size, file?.lastModified, sendable(options, columns?.columns)]);
  const rested = useRested(wanted, 700);
  const { mutate } = send;
  const unasked = file !== undefined && file.size <= MOST_BYTES_UNASKED && checked.success && rested === wanted && !busy;
  useEffect(() => {
    if (unasked && sentLast.current !== wanted) mutate({ dryRun: true });
  }, [unasked, wanted, mutate]);

  return (
    <Page title="Upload" about="CSV, TSV, NDJSON, JSON or Parquet, also compressed. Nothing is stored before you say so.">
      <DropZone file={file} onFile={(chosen) => void choose(chosen)} />
      {file && columns && <FirstRows head={columns} options={options} onOptions={(next) => form.reset(next)} />}
      {dry && result && file && (
        <Questions
          result={result}
          options={options}
          form={form}
          horizon={horizon}
          onHorizon={setHorizon}
          budget={budget}
          onBudget={setBudget}
          fill={fill}
          onFill={setFill}
          busy={busy || rested !== wanted}
          onForecast={() =>
            send.mutate({ dryRun: false, ahead: { horizon: horizon ?? horizonOf(result.findings.seasonLengths), budget, fill } })
          }
        />
      )}
      <Going dataset={!dry && result ? result.dataset : undefined} storedBy={runId} />
      {file && (
        <form className="card stack" onSubmit={(event) => void form.handleSubmit(() => send.mutate({ dryRun: true }))(event)}>
          <MappingForm form={form} columns={columns?.columns} wrong={wrong} />
          <div className="row">
            <button type="submit" className={result && dry ? '' : 'primary'} disabled={busy || !checked.success}>
              {busy ? 'Reading …' : 'Try it (stores nothing)'}
            </button>
            <button type="button" disabled={busy || !checked.success} onClick={() => send.mutate({ dryRun: false })}>
              Store
            </button>
            <span className="muted small">{bytes(file.size)}</span>
          </div>
        </form>
      )}
      {send.error && !isAborted(send.error) ? <Failure error={send.error} /> : null}
      {sent !== undefined && (
        <Progress
          label="Sending the file"
          share={sent}
          detail={sent < 1 ? `Sending the file: ${Math.floor(100 * sent)} % of ${bytes(file?.size ?? 0)}` : 'Sent; waiting for a worker'}
          onStop={() => stop.current?.abort()}
        />
      )}
      {run && !isFinished(run.status) && sent === undefined && <Reading run={run} />}
      {run?.error && (
        <div className="note bad" role="alert">
          <strong>{run.error.detail}</strong>
          {run.error.hint && <span>{run.error.hint}</span>}
          <span>Nothing was stored. {file ? 'Change the mapping above, or choose another file.' : 'Choose the file again to go on.'}</span>
          <span className="small muted">{run.error.code}</span>
        </div>
      )}
      {run?.status === 'cancelled' && <div className="note">Stopped. Nothing was stored.</div>}
      {result && run && (
        <section className="card stack" aria-live="polite">
          <h2>
            {dry
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
          {!dry && (
            <div className="row">
              <Link className="button primary" to={`/train?dataset=${encodeURIComponent(result.dataset)}`}>
                Train a model
              </Link>
              <Link className="button" to={`/series/${encodeURIComponent(result.dataset)}?look=`}>
                First look
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

const isAborted = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

function wasDry({ config }: Run): boolean {
  return config['dryRun'] === true || (config['options'] as { dryRun?: boolean } | undefined)?.dryRun === true;
}

/** Where the browser could not read the file, the run knows its columns; also one that failed for want of a column. */
function columnsOf(run: Run | undefined): Preview | undefined {
  const found = ingestResult.safeParse(run?.result).data?.findings.columns;
  if (found) return { columns: found.map(({ name }) => name), rows: [found.map(({ type }) => type)] };
  const present = run?.error?.subject?.['present'];
  return Array.isArray(present) ? { columns: present.map(String), rows: [] } : undefined;
}

function Progress({ label, share, detail, onStop }: { label: string; share?: number | undefined; detail: string; onStop: () => void }) {
  return (
    <section className="card stack" style={{ gap: 8 }}>
      <progress aria-label={label} max={1} {...(share === undefined ? {} : { value: share })} />
      <div className="row spread">
        <span role="status" className="small">
          {detail}
        </span>
        <button type="button" className="compact" onClick={onStop}>
          Stop
        </button>
      </div>
    </section>
  );
}

function Reading({ run }: { run: Run }) {
  const cancel = useCancel(run.id);
  return (
    <Progress
      label="Reading the file"
      share={run.progress?.fraction ?? undefined}
      detail={cancel.isSuccess ? 'Stopping' : runDetail(run)}
      onStop={() => cancel.mutate()}
    />
  );
}
