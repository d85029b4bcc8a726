/** What predictions are asked and answer, for a short time. */
import { AlmanacError } from '@almanac/series';
import type { Cipher, Predictions } from '../facade.js';
import type { Context } from '../postgres/context.js';
import type { Json } from '../records.js';

const purposeOf = (what: string, runId: string): string => `prediction:${what}:${runId}`;

/** Histories are the asker's; which version is asked stays in the open, so that it is not removed meanwhile. */
function sealedRequest(cipher: Cipher, request: Json, about: string): Json {
  return { versionId: request['versionId'] ?? null, sealed: cipher.seal(JSON.stringify(request), about) };
}

/** Programs before this one kept them as they were. */
function opened(cipher: Cipher, kept: Json, about: string): Json {
  return typeof kept['sealed'] === 'string' ? (JSON.parse(cipher.open(kept['sealed'], about)) as Json) : kept;
}

export function predictions(context: Context): Predictions {
  const { workspaceId, cipher } = context;
  const column = async (name: 'request' | 'answer', runId: string): Promise<Json> => {
    const [row] = await context.query<{ value: Json | null }>(
      `SELECT ${name} AS value FROM prediction WHERE workspace_id = $1 AND run_id = $2`,
      [workspaceId, runId],
    );
    if (row?.value) return opened(cipher, row.value, purposeOf(name, runId));
    throw new AlmanacError('PREDICTION_EXPIRED', `The ${name} of prediction ${runId} is not kept any more.`, {
      hint: 'Predictions are not stored: ask again.',
      subject: { run: runId },
      status: 410,
    });
  };
  return {
    async create(runId, request, keptMs) {
      await context.query(
        `INSERT INTO prediction (run_id, workspace_id, request, expires_at) VALUES ($1, $2, $3, now() + $4 * interval '1 millisecond')`,
        [runId, workspaceId, JSON.stringify(sealedRequest(cipher, request, purposeOf('request', runId))), keptMs],
      );
    },
    request: (runId) => column('request', runId),
    answer: (runId) => column('answer', runId),
    async finish(runId, answer) {
      await context.query('UPDATE prediction SET request = NULL, answer = $3 WHERE workspace_id = $1 AND run_id = $2', [
        workspaceId,
        runId,
        JSON.stringify({ sealed: cipher.seal(JSON.stringify(answer), purposeOf('answer', runId)) }),
      ]);
    },
    async forget(runId, keptMs) {
      await context.query(
        `UPDATE prediction SET request = NULL, answer = NULL, expires_at = now() + $3 * interval '1 millisecond'
         WHERE workspace_id = $1 AND run_id = $2`,
        [workspaceId, runId, keptMs],
      );
    },
    async expire() {
      const gone = await context.everywhere().query(
        `DELETE FROM run WHERE kind = 'predict' AND status <> 'running'
           AND id IN (SELECT run_id FROM prediction WHERE expires_at < now()) RETURNING 1`,
      );
      return gone.length;
    },
  };
}
