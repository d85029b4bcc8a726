/**
 * The rows of a query on another Postgres, as a CSV file.
 * Invariants: one snapshot of a read-only transaction; nothing but one SELECT runs; values are the server's own text, so no digit and no
 * microsecond is lost; time, rows and bytes are bounded; the password is in no message.
 *
 * A watermark is a column that only grows as rows are added or changed. Rows at the watermark are read again, for there may be more of
 * them by now; what would make the next reading pass rows over (nothing in the column, NaN, a date in the future) is refused.
 */
import { Socket } from 'node:net';
import pg from 'pg';
import { AlmanacError } from '@almanac/series';
import { lookupWithin, refuseLiteral } from '../network.js';
import { bounded, reachOf, refusal, type SourceLimits, tooSlow, unreachable } from './limits.js';

export interface Query {
  /** postgres://USER@HOST[:PORT]/DATABASE[?sslmode=disable|require|verify-full] */
  url: string;
  password: string | undefined;
  query: string;
  watermark?: { column: string; since: string | undefined; reread: number } | undefined;
}

/** Grows while the content is read. */
export interface QueryRead {
  rows: number;
  /** Of the last row, in the server's own text. */
  watermark: string | null;
}

/** So many rows at a time at most, and fewer where they are wide. */
const ROWS_AT_ONCE = 2_000;
const FIRST_ROWS = 100;
const BYTES_AT_ONCE = 4 << 20;
/** Of one answer of the server, which is held in memory as a whole; nor many times what may be read at all. */
const mostAtOnce = ({ bytes }: SourceLimits): number => Math.min(256 << 20, (1 << 16) + 8 * bytes);
const CONNECT_MS = 15_000;
/** Oids of pg_type. */
const TIMES: Record<number, string> = { 1082: 'date', 1114: 'timestamp', 1184: 'timestamptz' };
const NUMBERS: Record<number, string> = { 20: 'int8', 21: 'int2', 23: 'int4', 700: 'float4', 701: 'float8', 1700: 'numeric' };
const AS_TEXT = { getTypeParser: () => (text: string) => text };

type Row = (string | null)[];

/**
 * @throws AlmanacError while the content is read: SOURCE_UNREACHABLE, SOURCE_ADDRESS_PRIVATE, SOURCE_CERTIFICATE,
 * SOURCE_CREDENTIALS_REFUSED, SOURCE_QUERY_INVALID, SOURCE_QUERY_WRITES, SOURCE_COLUMN_MISSING, SOURCE_COLUMN_TWICE,
 * SOURCE_WATERMARK_UNUSABLE, SOURCE_TOO_LARGE, SOURCE_TIMED_OUT
 */
export function readQuery(
  query: Query,
  limits: SourceLimits,
  signal: AbortSignal,
): { content: AsyncIterable<Uint8Array>; read: QueryRead } {
  const read: QueryRead = { rows: 0, watermark: null };
  return { content: bounded(lines(query, limits, signal, read), limits, new URL(query.url).hostname), read };
}

async function* lines(query: Query, limits: SourceLimits, signal: AbortSignal, read: QueryRead): AsyncGenerator<Uint8Array> {
  const target = new URL(query.url);
  const at = target.hostname;
  const deadline = AbortSignal.timeout(limits.seconds * 1000);
  const socket = new Socket();
  const answer = new Answer(socket, at, mostAtOnce(limits));
  const either = AbortSignal.any([deadline, signal]);
  const stop = (): void => void socket.destroy();
  either.addEventListener('abort', stop);
  const client = new pg.Client(settings(target, query.password, guarded(socket, limits)));
  client.on('error', () => undefined);
  try {
    const refused = refuseLiteral(at, reachOf(limits));
    if (refused) throw refused;
    await client.connect();
    yield* rows(client, query, limits, read, answer);
  } catch (error) {
    throw signal.aborted ? signal.reason : deadline.aborted ? tooSlow(at, limits) : explained(answer.refusal ?? error, at, limits);
  } finally {
    either.removeEventListener('abort', stop);
    await Promise.race([client.end().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    socket.destroy();
  }
}

/** What has come of one answer: whatever the server says, no more of it is taken than `most` bytes. */
class Answer {
  refusal: AlmanacError | undefined;
  bytes = 0;

  constructor(socket: Socket, at: string, most: number) {
    socket.on('data', (chunk) => {
      this.bytes += chunk.length;
      if (this.bytes <= most || this.refusal) return;
      this.refusal = refusal(
        'SOURCE_TOO_LARGE',
        `${at} has sent more than ${most} bytes in one piece: a row of the query, or a few, are as large.`,
        'Select the columns that the dataset needs, not documents or images beside them.',
        { host: at, bytes: most },
      );
      socket.destroy(this.refusal);
    });
  }
}

/** The address that is connected to is the one that was checked. */
function guarded(socket: Socket, limits: SourceLimits): Socket {
  const connect = socket.connect.bind(socket);
  socket.connect = ((port: number, host: string) => connect({ port, host, lookup: lookupWithin(reachOf(limits)) })) as Socket['connect'];
  return socket;
}

/** Nothing comes from the environment of the worker. */
function settings(target: URL, password: string | undefined, socket: Socket): pg.ClientConfig {
  const mode = target.searchParams.get('sslmode') ?? 'verify-full';
  return {
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port: target.port === '' ? 5432 : Number(target.port),
    user: decodeURIComponent(target.username),
    database: decodeURIComponent(target.pathname.slice(1)),
    password: () => password ?? '',
    ssl: mode === 'disable' ? false : { rejectUnauthorized: mode !== 'require' },
    stream: () => socket,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'almanac',
  } as pg.ClientConfig;
}

async function* rows(
  client: pg.Client,
  { query, watermark }: Query,
  limits: SourceLimits,
  read: QueryRead,
  answer: Answer,
): AsyncGenerator<Uint8Array> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query(
    `SELECT set_config(name, value, true) FROM (VALUES ('statement_timeout', $1), ('lock_timeout', '10s'), ('DateStyle', 'ISO'),
    ('TimeZone', 'UTC'), ('IntervalStyle', 'iso_8601'), ('extra_float_digits', '1')) AS s(name, value)`,
    [`${limits.seconds}s`],
  );
  const from = `FROM (${query.trim().replace(/;+$/, '')}\n) AS source`;
  // With values beside it, a statement is prepared, and only a single one can be.
  const { fields } = await client.query({ text: `SELECT * ${from} WHERE $1::int IS NULL LIMIT 0`, values: [null] });
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw refusal('SOURCE_COLUMN_TWICE', `The query has two columns "${twice}".`, 'Give one of them another name with AS.', {
      column: twice,
    });
  const mark = watermark && marked(watermark, fields);
  const values = mark?.values ?? [];
  await client.query({ text: `DECLARE rows NO SCROLL CURSOR FOR SELECT * ${from} ${mark?.clause ?? ''}`, values });
  yield Buffer.from(line(names));
  for (let wanted = FIRST_ROWS; ;) {
    answer.bytes = 0;
    const { rows: some } = await client.query<Row>({ text: `FETCH ${wanted} FROM rows`, rowMode: 'array', types: AS_TEXT });
    if (some.length === 0) break;
    wanted = Math.max(1, Math.min(ROWS_AT_ONCE, Math.floor((BYTES_AT_ONCE * some.length) / answer.bytes)));
    read.rows += some.length;
    if (read.rows > limits.rows)
      throw refusal(
        'SOURCE_TOO_LARGE',
        `The query has more than ${limits.rows} rows.`,
        'Read less at a time, e.g. by a watermark; the operator can allow more (ALMANAC_SOURCE_MAX_ROWS).',
        { rows: limits.rows },
      );
    if (mark) read.watermark = mark.of(some);
    yield Buffer.from(some.map(line).join(''));
  }
  if (mark && read.watermark !== null) await mark.check(client, read.watermark);
  await client.query('COMMIT');
}

interface Mark {
  clause: string;
  values: unknown[];
  /** Greatest of some rows, which come in its order. */
  of(rows: Row[]): string;
  check(client: pg.Client, greatest: string): Promise<void>;
}

function marked({ column, since, reread }: NonNullable<Query['watermark']>, fields: readonly pg.FieldDef[]): Mark {
  const at = fields.findIndex(({ name }) => name === column);
  if (at < 0)
    throw refusal(
      'SOURCE_COLUMN_MISSING',
      `The query has no column "${column}" for the watermark; it has ${fields.map(({ name }) => `"${name}"`).join(', ')}.`,
      'Select that column as well, or name another one.',
      { column },
    );
  const oid = fields[at]!.dataTypeID;
  const [time, number] = [TIMES[oid], NUMBERS[oid]];
  const type = time ?? number;
  const unusable = (why: string, hint: string): AlmanacError =>
    refusal('SOURCE_WATERMARK_UNUSABLE', `The column "${column}" cannot be the watermark: ${why}.`, hint, { column });
  if (type === undefined)
    throw unusable('it holds neither numbers nor times', 'Take a column of numbers or times that grows with every row.');
  const name = pg.escapeIdentifier(column);
  const back = time ? `make_interval(secs => $2::float8)` : '$2::numeric';
  const rest = since === undefined ? '' : `WHERE ${name} >= $1::text::${type} - ${back} OR ${name} IS NULL`;
  return {
    clause: `${rest} ORDER BY ${name}`,
    values: since === undefined ? [] : [since, reread],
    of(rows) {
      const empty = rows.find((row) => row[at] === null);
      if (empty)
        throw unusable(
          `there is nothing in it in the row ${JSON.stringify(empty).slice(0, 200)}`,
          'Leave such rows out, or fill the column.',
        );
      const greatest = rows.at(-1)![at]!;
      if (/nan|infinity/i.test(greatest)) throw unusable(`a row has ${greatest}`, 'Leave such rows out: nothing after them would be read.');
      return greatest;
    },
    async check(client, greatest) {
      if (!time) return;
      const { rows } = await client.query<{ ahead: boolean }>(`SELECT $1::text::${time} > now() + interval '1 day' AS ahead`, [greatest]);
      if (rows[0]!.ahead)
        throw unusable(
          `${greatest} lies in the future, and rows that come with a time before it would never be read`,
          'Take the time at which a row was written or changed; leave out rows whose time is a slip.',
        );
    },
  };
}

const line = (row: readonly (string | null)[]): string => `${row.map(field).join(',')}\n`;
const field = (text: string | null): string =>
  text === null ? '' : text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

function explained(error: unknown, at: string, limits: SourceLimits): unknown {
  const { code, message } = error as { code?: unknown; message?: string };
  if (error instanceof AlmanacError || typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || code === 'EPIPE')
    return unreachable(error, at);
  const subject = { host: at, sqlState: code };
  if (code === '57014') return tooSlow(at, limits);
  if (code === '25006')
    return refusal(
      'SOURCE_QUERY_WRITES',
      'The query would change something; a source only reads.',
      'Give a SELECT that changes nothing.',
      subject,
    );
  if (code.startsWith('28'))
    return refusal(
      'SOURCE_CREDENTIALS_REFUSED',
      `${at} refuses the login.`,
      'Check the user in the address, and set the secret of the source.',
      subject,
    );
  if (code.startsWith('3D'))
    return refusal(
      'SOURCE_UNREACHABLE',
      `${at} has no such database.`,
      'Check the name of the database at the end of the address.',
      subject,
    );
  if (/^(08|53|57|58|XX)/.test(code))
    return refusal(
      'SOURCE_UNREACHABLE',
      `${at} cannot serve the query now (${code}).`,
      'Try again later, or look into the log of that server.',
      subject,
    );
  return refusal(
    'SOURCE_QUERY_INVALID',
    `The query does not run on ${at}: ${message}.`,
    'Try it with psql as the same user: one SELECT, without a semicolon inside.',
    subject,
  );
}
