/** The small parts every view is made of: what is empty, what went wrong, what is still to come. */
import { ApiError, type Run } from '@almanac/contracts';
import type { ReactNode } from 'react';
import { duration } from '../app/format';
import { useSession } from '../app/session';

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <svg
        width="56"
        height="40"
        viewBox="0 0 56 40"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        aria-hidden="true"
      >
        <path d="M3 28c6-18 10-18 15-6s8 10 12-2" />
        <path d="M31 18c4-10 8-13 12-10s6 10 10 8" strokeDasharray="0.1 5" />
      </svg>
      <h2>{title}</h2>
      <div className="muted">{children}</div>
      {action}
    </div>
  );
}

/** Says what happened, what to do about it, and how to find it in the log. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { refresh } = useSession();
  const problem = error instanceof ApiError ? error.problem : undefined;
  const offline = error instanceof TypeError;
  // What the API says is for programs.
  const hint =
    problem?.code === 'CHANGED_MEANWHILE'
      ? 'It is shown as it is now. Look at it, and do it again if you still want to.'
      : (problem?.hint ?? (offline ? 'Is Almanac still running? It is asked again when you retry.' : undefined));
  return (
    <div className="note bad" role="alert">
      <strong>{problem?.detail ?? (offline ? 'The API does not answer.' : error instanceof Error ? error.message : String(error))}</strong>
      {hint && <span>{hint}</span>}
      {problem && (
        <span className="small muted">
          {problem.code}
          {problem.requestId ? `, request ${problem.requestId}` : ''}
        </span>
      )}
      {(retry || problem?.code === 'SESSION_ENDED') && (
        <div className="row actions">
          {retry && (
            <button type="button" className="compact" onClick={retry}>
              Try again
            </button>
          )}
          {problem?.code === 'SESSION_ENDED' && (
            <button type="button" className="compact" onClick={() => void refresh()}>
              Sign in
            </button>
          )}
        </div>
      )}
    </div>
  );
}

export function Skeleton({ height }: { height: number }) {
  return <div className="skeleton" style={{ height }} role="status" aria-label="Loading" />;
}

interface Loaded<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** Draws a query: a placeholder of the final height while it loads, the failure with a way to retry, or the data. */
export function Await<T>({ query, height = 200, children }: { query: Loaded<T>; height?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Skeleton height={height} />;
}

const tones: Record<Run['status'], string> = { queued: '', running: 'live', succeeded: 'good', failed: 'bad', cancelled: '' };

export function Status({ status }: { status: Run['status'] }) {
  return <span className={`badge ${tones[status]}`}>{status}</span>;
}

export function runDetail(run: Run): string {
  const p = run.progress;
  if (run.status === 'queued') return 'waiting for a worker';
  if (!p) return run.status;
  return [
    p.message || p.phase,
    p.loss === undefined ? '' : `loss ${p.loss.toFixed(3)}`,
    p.stepsPerSecond === undefined ? '' : `${p.stepsPerSecond.toFixed(1)} steps/s`,
    p.etaSeconds === undefined ? '' : `${duration(p.etaSeconds)} left`,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** The choices of a `select`, by value. */
export function Options({ of }: { of: Record<string, string> }) {
  return Object.entries(of).map(([value, label]) => (
    <option key={value} value={value}>
      {label}
    </option>
  ));
}

export function Field({
  label,
  help,
  wrong,
  id,
  children,
}: {
  label: string;
  help?: ReactNode;
  wrong?: string;
  id: string;
  children: ReactNode;
}) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {wrong ? (
        <span className="wrong" role="alert">
          {wrong}
        </span>
      ) : (
        help && <span className="help">{help}</span>
      )}
    </div>
  );
}

/** What the tab of the browser and its history say. */
export const Title = ({ children }: { children: string }) => <title>{`${children} · Almanac`}</title>;

export function Page({
  title,
  tab,
  about,
  actions,
  children,
}: {
  title: ReactNode;
  /** Of the browser, where `title` is more than text. */
  tab?: string;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="page">
      <Title>{tab ?? String(title)}</Title>
      <header>
        <div>
          <h1>{title}</h1>
          {about && <p>{about}</p>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/**
 * Below a table that shows one page of a list: says so where there is more.
 * @param rest where the rest is found
 */
export function CutOff({ page, rest = '' }: { page: { items: readonly unknown[]; next: string | null } | undefined; rest?: string }) {
  if (!page || page.next === null) return null;
  return <p className="small muted under">{`Only the newest ${page.items.length.toLocaleString('en')} are shown. ${rest}`.trim()}</p>;
}

/** One of `<dl className="facts">`. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
