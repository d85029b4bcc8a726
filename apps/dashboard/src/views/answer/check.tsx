/**
 * The check against the past that belongs to a training: the automatic model as it was asked for, at several times in the past. Where it
 * was refused, the reason and the way out are said in the words of the API, and it can be asked for again.
 */
import { type AlmanacClient, ApiError, type Run } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useLocation, useSearchParams } from 'react-router';
import { useClient } from '../../app/session';
import { Failure } from '../../ui/parts';

/** Times in the past that the forecast is checked at. */
export const WINDOWS = 3;

export const BUDGETS = ['quick', 'standard', 'best'] as const;
export type Budget = (typeof BUDGETS)[number];

export interface Checked {
  dataset: string;
  horizon: number;
  kind: string;
  budget: Budget | undefined;
}

/** One fit, at the earliest of the cutoffs. @throws ApiError where it is refused */
export async function askForCheck(client: AlmanacClient, { dataset, horizon, kind, budget }: Checked): Promise<string> {
  const models = [{ kind, config: budget === undefined ? {} : { budget } }];
  return (await client.call('backtest', { body: { dataset, horizon, windows: WINDOWS, refitEvery: 0, models } })).id;
}

/** What the training of a run asks to be checked; undefined where its plan does not say. */
export function checkedOf({ dataset, config }: Pick<Run, 'dataset' | 'config'>): Checked | undefined {
  const { kind, horizon, config: own } = config as { kind?: unknown; horizon?: unknown; config?: { budget?: unknown } };
  if (dataset === null || typeof kind !== 'string' || typeof horizon !== 'number') return undefined;
  return { dataset, horizon, kind, budget: BUDGETS.find((one) => one === own?.budget) };
}

/** Why there is no check. */
export type Refused = Partial<Pick<ApiError['problem'], 'code' | 'hint'>> & Pick<ApiError['problem'], 'detail'>;

/** Kept with the entry of the browser's history, so that it outlives a reload; whoever else opens the address asks anew. */
interface Passed {
  refused?: Refused;
}

/** @param training whose model was to be checked */
export function Unchecked({ training }: { training: Run }) {
  const [, setAddress] = useSearchParams();
  const client = useClient();
  const passed = (useLocation().state as Passed | null)?.refused;
  const wanted = checkedOf(training);
  const ask = useMutation({
    mutationFn: (what: Checked) => askForCheck(client, what),
    onSuccess: (id) =>
      setAddress(
        (before) => {
          before.set('backtest', id);
          return before;
        },
        { replace: true },
      ),
  });
  const problem: Refused | undefined = ask.error instanceof ApiError ? ask.error.problem : passed;
  const tooShort = problem?.code === 'SERIES_TOO_SHORT';
  return (
    <>
      {ask.error && !tooShort ? (
        <Failure error={ask.error} />
      ) : (
        problem && (
          <div className="note warn">
            <strong>
              {tooShort ? `The history is too short to check it at ${WINDOWS} times in the past. ` : ''}
              {problem.detail}
            </strong>
            {tooShort ? (
              <span>A shorter horizon needs less history. What the training held back judges the forecast all the same: see below.</span>
            ) : (
              problem.hint && <span>{problem.hint}</span>
            )}
            <span className="small muted">{problem.code}</span>
          </div>
        )
      )}
      {wanted && !tooShort && (
        <div className="row">
          <button type="button" className="compact" disabled={ask.isPending} onClick={() => ask.mutate(wanted)}>
            {problem ? 'Ask again' : 'Check it now'}
          </button>
        </div>
      )}
    </>
  );
}
