/**
 * What follows once a file is stored that is to be forecast: train, ask for the check in the past, and lead to the answer. How far ahead is
 * asked for stands in the address (`ahead`, `budget`, `fill`), so that a page that is opened again goes on. A training that is refused is
 * shown with its reason and another horizon to try; a check that is refused does not stand in the way of the forecast, and the answer says
 * why there is none.
 */
import { ApiError } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { useClient } from '../../app/session';
import { Failure } from '../../ui/parts';
import { askForCheck, type Budget, BUDGETS, type Refused } from '../answer/check';
import { type Fill, FILLS } from './furtherColumns';

interface Asked {
  dataset: string;
  horizon: number;
  budget: Budget | undefined;
  fill: Fill;
}

const KIND = 'auto';

/** @param dataset that was stored, by the run `storedBy`; undefined until then */
export function Going({ dataset, storedBy }: { dataset: string | undefined; storedBy: string | undefined }) {
  const [address] = useSearchParams();
  const client = useClient();
  const navigate = useNavigate();
  const ahead = Number(address.get('ahead') ?? Number.NaN);
  const budget = BUDGETS.find((one) => one === address.get('budget'));
  const fill = FILLS.find((one) => one === address.get('fill')) ?? 'none';
  const begun = useRef<string>(undefined);
  const start = useMutation({
    mutationFn: async (asked: Asked): Promise<{ runs: Record<string, string>; refused?: Refused }> => {
      const config = asked.budget === undefined ? {} : { budget: asked.budget };
      const body = { dataset: asked.dataset, horizon: asked.horizon, kind: KIND, config, forecast: { covariateFill: asked.fill } };
      const train = (await client.call('train', { body })).id;
      try {
        return { runs: { train, backtest: await askForCheck(client, { ...asked, kind: KIND }) } };
      } catch (error) {
        return { runs: { train }, refused: error instanceof ApiError ? error.problem : unreached };
      }
    },
    onSuccess: ({ runs, ...passed }) => void navigate(`/answer?${new URLSearchParams(runs)}`, { replace: true, state: passed }),
  });
  const { mutate } = start;
  const ready = dataset !== undefined && Number.isInteger(ahead) && ahead > 0;
  useEffect(() => {
    if (!ready || begun.current === storedBy) return;
    begun.current = storedBy;
    mutate({ dataset, horizon: ahead, budget, fill });
  }, [ready, dataset, storedBy, ahead, budget, fill, mutate]);
  const [other, setOther] = useState('');
  if (!ready || !start.error) return null;
  const horizon = other === '' ? ahead : Math.max(1, Math.round(Number(other)));
  return (
    <section className="card stack" aria-label="The forecast was refused">
      <Failure error={start.error} />
      <div className="row">
        <label htmlFor="other-horizon">How far ahead</label>
        <input
          id="other-horizon"
          type="number"
          min={1}
          max={10_000}
          style={{ width: 96 }}
          placeholder={String(ahead)}
          value={other}
          onChange={({ target }) => setOther(target.value)}
        />
        <button type="button" className="primary" disabled={start.isPending} onClick={() => mutate({ dataset, horizon, budget, fill })}>
          Try again
        </button>
      </div>
      <p className="small muted">The file is stored as {dataset}; nothing has to be sent again.</p>
    </section>
  );
}

const unreached: Refused = { detail: 'The API did not answer when the check was asked for.' };
