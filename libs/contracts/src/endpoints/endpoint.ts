/** What the table says about an endpoint. */
import { type z } from 'zod';
import { type Scope } from '../schemas/system.js';

export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  summary: string;
  /**
   * Scope that a key, or the role of a user in the workspace, needs; `person`: whoever has signed in, whatever the role, and no key;
   * null: anybody.
   */
  scope: Scope | 'person' | null;
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  /** Content of the answer where it is not JSON. */
  produces?: 'text/csv' | 'application/x-ndjson' | 'text/event-stream' | 'application/x-tar';
  /** `multipart`: a file part and an `options` part; else the bare file is the body. */
  consumes?: 'multipart' | 'application/x-tar';
  status: number;
  response: z.ZodType;
  /** It answers 202 with a run where the work takes longer than the caller waits. */
  slow?: true;
  /** It changes nothing that lasts, so it may be repeated freely; idempotency keys, which keep answers, are ignored. */
  pure?: true;
}
