/**
 * The typed HTTP client that the CLI, the dashboard and the tests share. It needs only `fetch`.
 * A failed call throws `ApiError` with the API's problem details.
 */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import {
  endpoints,
  type Endpoint,
  type EndpointInput,
  type EndpointName,
  type EndpointOutput,
  type ItemOf,
  type ListName,
} from './endpoints.js';
import { withHint } from './problem.js';
import { problem, type Problem } from './schemas/common.js';
import type { ContributionsAnswer, ContributionsRequestInput } from './schemas/contributions.js';
import type { IngestOptionsInput, UploadAccepted } from './schemas/datasets.js';
import type {
  FilePredictionRequestInput,
  FirstLook,
  FirstLookRequestInput,
  Prediction,
  PredictionRequestInput,
  WhatIf,
  WhatIfRequestInput,
} from './schemas/predictions.js';
import { isFinished, run, type Run } from './schemas/runs.js';

/** Proves that a page of ours asks, with everything that a session changes. */
export const CSRF_HEADER = 'x-csrf-token';
/** In which workspace a session acts; its user's first one unless given. A key has one only. */
export const WORKSPACE_HEADER = 'x-almanac-workspace';

/** The most that the API gives at a time. */
const PAGE = 1000;

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(withHint(problem.detail, problem.hint));
    this.name = 'ApiError';
  }
  get code(): string {
    return this.problem.code;
  }
}

export interface ClientOptions {
  /** e.g. http://127.0.0.1:3000 */
  baseUrl: string;
  apiKey?: string;
  /** Of a person instead of a key: the browser sends the cookie by itself. */
  session?: { csrfToken: string; workspace?: string };
  fetch?: typeof fetch;
}

export interface AlmanacClient {
  call<N extends EndpointName>(name: N, input: EndpointInput<N>, signal?: AbortSignal): Promise<EndpointOutput<N>>;
  /** Everything of a list, page after page, however much that is. */
  listAll<N extends ListName>(name: N, input: EndpointInput<N>, signal?: AbortSignal): Promise<ItemOf<N>[]>;
  /** The raw response, for CSV downloads that should be streamed. */
  stream<N extends EndpointName>(name: N, input: EndpointInput<N>, signal?: AbortSignal): Promise<Response>;
  /** Sends a file; a streamed Blob (`fs.openAsBlob`) does not grow memory. */
  upload(file: Blob, fileName: string, options: IngestOptionsInput, idempotencyKey?: string): Promise<UploadAccepted>;
  /**
   * The same with content that is read as it is sent, so that memory does not grow with it: a blob of Node's reads ahead of
   * the network, to its end if need be. Not for browsers, whose files do not, and which stream nothing else.
   */
  uploadStream(
    content: AsyncIterable<Uint8Array>,
    fileName: string,
    options: IngestOptionsInput,
    idempotencyKey?: string,
  ): Promise<UploadAccepted>;
  /** Sends the file of an exported version. */
  importModel(archive: Blob, query?: EndpointInput<'importModel'>['query']): Promise<EndpointOutput<'importModel'>>;
  /** Yields the run each time it changes until it has ended; picks up again when the connection drops. */
  followRun(runId: string, signal?: AbortSignal): AsyncGenerator<Run, void>;
  /** Forecasts the history in the body, however long that takes. @throws ApiError with what the run failed with */
  predict(body: PredictionRequestInput, signal?: AbortSignal): Promise<Prediction>;
  /** Forecasts the histories of a file, read as an upload is. */
  predictFile(content: AsyncIterable<Uint8Array>, fileName: string, options: FilePredictionRequestInput): Promise<Prediction>;
  /** Forecasts stored series with changed future covariates, beside the unchanged. */
  whatIf(body: WhatIfRequestInput, signal?: AbortSignal): Promise<WhatIf>;
  /** Takes stored forecasts apart. */
  explain(body: ContributionsRequestInput, signal?: AbortSignal): Promise<ContributionsAnswer>;
  /** Forecasts series of a dataset before anything is trained on it. */
  firstLook(dataset: string, body: FirstLookRequestInput, signal?: AbortSignal): Promise<FirstLook>;
  /** Follows a run to its end. A failed or cancelled run is returned, not thrown. */
  waitForRun(runId: string, onChange?: (run: Run) => void, signal?: AbortSignal): Promise<Run>;
}

/** A form as browsers write it: the options, then the file. */
async function* multipart(
  boundary: string,
  options: object,
  fileName: string,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const text = new TextEncoder();
  const escaped = fileName.replace(/["\r\n]/g, encodeURIComponent);
  const part = (name: string, rest: string): string => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${rest}\r\n\r\n`;
  yield text.encode(`${part('options', '')}${JSON.stringify(options)}\r\n`);
  yield text.encode(part('file', `; filename="${escaped}"\r\ncontent-type: application/octet-stream`));
  yield* content;
  yield text.encode(`\r\n--${boundary}--\r\n`);
}

interface CallInput {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  ifMatch?: string;
}

/**
 * A series may be called `.` or `..`, which every client takes for a folder, escaped or not: it would ask for, or delete, what is above.
 * Such an id stands in the query, and `-` in its place.
 */
export function buildPath(endpoint: Endpoint, input: CallInput): string {
  const query = new URLSearchParams();
  const path = endpoint.path.replace(/:(\w+)/g, (_, key: string) => {
    const value = String(input.params?.[key]);
    if (!/^\.{1,2}$/.test(value)) return encodeURIComponent(value);
    query.set(key, value);
    return '-';
  });
  for (const [key, value] of Object.entries(input.query ?? {}))
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) if (one !== undefined) query.append(key, String(one));
  return query.size > 0 ? `${path}?${query}` : path;
}

async function failure(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = problem.safeParse(body);
  return new ApiError(
    parsed.success
      ? parsed.data
      : {
          type: 'about:blank',
          title: response.statusText,
          status: response.status,
          code: 'UNEXPECTED_ANSWER',
          detail: `The API answered ${response.status} without problem details.`,
        },
  );
}

export function createClient(options: ClientOptions): AlmanacClient {
  const doFetch = options.fetch ?? fetch;
  const base = options.baseUrl.replace(/\/$/, '');
  const headers = (extra: Record<string, string> = {}): Record<string, string> => ({
    ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
    ...(options.session ? { [CSRF_HEADER]: options.session.csrfToken } : {}),
    ...(options.session?.workspace ? { [WORKSPACE_HEADER]: options.session.workspace } : {}),
    ...extra,
  });

  async function send(endpoint: Endpoint, input: CallInput, signal?: AbortSignal): Promise<Response> {
    const hasBody = input.body !== undefined;
    const response = await doFetch(base + buildPath(endpoint, input), {
      method: endpoint.method,
      headers: headers({
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...(input.ifMatch === undefined ? {} : { 'if-match': input.ifMatch }),
      }),
      ...(hasBody ? { body: JSON.stringify(input.body) } : {}),
      ...(signal ? { signal } : {}),
    });
    if (!response.ok) throw await failure(response);
    return response;
  }

  async function sendForm(
    endpoint: Endpoint,
    asked: object,
    fileName: string,
    content: AsyncIterable<Uint8Array>,
    idempotencyKey?: string,
  ): Promise<Response> {
    const boundary = `almanac-${crypto.randomUUID()}`;
    const response = await doFetch(base + endpoint.path, {
      method: 'POST',
      headers: headers({
        'content-type': `multipart/form-data; boundary=${boundary}`,
        ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
      }),
      body: multipart(boundary, asked, fileName, content) as unknown as BodyInit,
      duplex: 'half',
      // Else fetch keeps a copy of all that was sent, for a redirect or a question that may follow.
      redirect: 'error',
      window: null,
    } as RequestInit);
    if (!response.ok) throw await failure(response);
    return response;
  }

  /** A run instead of the answer: the answer is fetched when the run has ended. */
  async function answerOf<T extends Prediction | WhatIf | FirstLook | ContributionsAnswer>(
    given: T | Run,
    signal?: AbortSignal,
  ): Promise<T> {
    if (!('status' in given)) return given;
    await client.waitForRun(given.id, undefined, signal);
    return (await client.call('getPrediction', { params: { runId: given.id } }, signal)) as T;
  }

  const client: AlmanacClient = {
    predict: async (body, signal) => answerOf(await client.call('predict', { body }, signal), signal),
    explain: async (body, signal) => answerOf(await client.call('explainForecast', { body }, signal), signal),
    whatIf: async (body, signal) => answerOf(await client.call('whatIf', { body }, signal), signal),
    firstLook: async (dataset, body, signal) => answerOf(await client.call('firstLook', { params: { dataset }, body }, signal), signal),
    async call(name, input, signal) {
      const endpoint: Endpoint = endpoints[name];
      const response = await send(endpoint, input as CallInput, signal);
      if (response.status === 204) return undefined as never;
      return (endpoint.produces ? await response.text() : endpoint.response.parse(await response.json())) as never;
    },
    async listAll<N extends ListName>(name: N, input: EndpointInput<N>, signal?: AbortSignal) {
      const items: ItemOf<N>[] = [];
      const asked = input as CallInput;
      for (let after: string | undefined; ;) {
        const page = (await client.call(name, { ...asked, query: { ...asked.query, limit: PAGE, after } } as EndpointInput<N>, signal)) as {
          items: ItemOf<N>[];
          next: string | null;
        };
        items.push(...page.items);
        if (page.next === null) return items;
        after = page.next;
      }
    },
    stream: (name, input, signal) => send(endpoints[name], input as CallInput, signal),
    async upload(file, fileName, ingest, idempotencyKey) {
      const form = new FormData();
      // Options go first: the API reads them before it takes the stream of the file.
      form.append('options', JSON.stringify(ingest));
      form.append('file', file, fileName);
      const response = await doFetch(base + endpoints.createUpload.path, {
        method: 'POST',
        headers: headers(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
        body: form,
      });
      if (!response.ok) throw await failure(response);
      return endpoints.createUpload.response.parse(await response.json());
    },
    async uploadStream(content, fileName, ingest, idempotencyKey) {
      const response = await sendForm(endpoints.createUpload, ingest, fileName, content, idempotencyKey);
      return endpoints.createUpload.response.parse(await response.json());
    },
    async predictFile(content, fileName, asked) {
      const response = await sendForm(endpoints.predictFile, asked, fileName, content);
      return answerOf(endpoints.predictFile.response.parse(await response.json()) as Prediction | Run);
    },
    async importModel(archive, query = {}) {
      const response = await doFetch(base + buildPath(endpoints.importModel, { query }), {
        method: 'POST',
        headers: headers({ 'content-type': endpoints.importModel.consumes }),
        body: archive,
      });
      if (!response.ok) throw await failure(response);
      return endpoints.importModel.response.parse(await response.json());
    },
    async *followRun(runId, signal) {
      for (;;) {
        const response = await send(endpoints.followRun, { params: { runId } }, signal);
        if (response.body === null) throw new Error('The API sent no event stream.');
        try {
          for await (const event of response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())) {
            if (event.event !== 'run') continue;
            const current = run.parse(JSON.parse(event.data));
            yield current;
            if (isFinished(current.status)) return;
          }
        } catch (error) {
          if (signal?.aborted || error instanceof ApiError) throw error;
        }
        // The stream ended before the run did: the API was restarted or a proxy cut it. Ask again.
        await new Promise((resolve) => setTimeout(resolve, 500));
        signal?.throwIfAborted();
      }
    },
    async waitForRun(runId, onChange, signal) {
      let last: Run | undefined;
      for await (const current of client.followRun(runId, signal)) {
        last = current;
        onChange?.(current);
      }
      return last ?? (await client.call('getRun', { params: { runId } }));
    },
  };
  return client;
}
