/** What a planner changes of a forecast: model, override and final beside each other, and how good earlier changes were. */
import type { Dataset, Forecast, Override } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { isSubDaily, shortTime, value } from '../../app/format';
import { useCall } from '../../app/queries';
import { useClient } from '../../app/session';
import { atLevel } from '../../chart/forecastData';
import { Only } from '../../ui/only';
import { Failure } from '../../ui/parts';

const CHANGES = { percent: 'percent', add: 'add', set: 'set to' } as const;
type Change = keyof typeof CHANGES;
const ABOVE = { display: 'grid', gap: 4 } as const;
const signed = (number: number): string => `${number > 0 ? '+' : ''}${value(number)}`;

export function OverridesCard({ dataset, forecast }: { dataset: Dataset; forecast: Forecast }) {
  const client = useClient();
  const cache = useQueryClient();
  const input = { params: { runId: forecast.runId }, query: { uniqueId: forecast.uniqueId } };
  const list = useCall('listOverrides', input);
  const scores = useCall('overrideScores', { params: { dataset: dataset.name }, query: { model: forecast.model } });
  const stale = async (): Promise<void> => {
    for (const name of ['listOverrides', 'overrideScores', 'latestForecasts', 'listSeriesForecasts', 'forecastTotals'])
      await cache.invalidateQueries({ queryKey: [name] });
  };
  const remove = useMutation({
    mutationFn: (overrideId: string) => client.call('deleteOverride', { params: { runId: forecast.runId, overrideId } }),
    onSuccess: stale,
  });
  const withTime = isSubDaily(dataset.frequency);
  const at = (ds: string | number): string => shortTime(ds, dataset.timeZone, withTime);
  const items = list.data?.items ?? [];
  return (
    <section className="card">
      <h2>Overrides</h2>
      <p className="small muted">
        What you know and the model does not. The model’s forecast stays beside yours, totals use the final one, and both are judged by what
        comes.
      </p>
      <Only>
        <NewOverride forecast={forecast} at={at} onMade={stale} />
      </Only>
      {items.length > 0 && (
        <div className="table-scroll" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th>From</th>
                <th>To</th>
                <th>Change</th>
                <th>Reason</th>
                <th>By</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.id} style={{ whiteSpace: 'nowrap' }}>
                  <td>{at(one.from)}</td>
                  <td>{at(one.to)}</td>
                  <td>{said(one)}</td>
                  <td>{one.reason}</td>
                  <td>{one.madeBy ?? '–'}</td>
                  <td>
                    <Only>
                      <button type="button" className="quiet compact" disabled={remove.isPending} onClick={() => remove.mutate(one.id)}>
                        Take back
                      </button>
                    </Only>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {forecast.final && <Beside forecast={forecast} items={items} at={at} />}
      {remove.error ? <Failure error={remove.error} /> : null}
      {list.error ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {scores.data && scores.data.forecasts.length > 0 && (
        <p className="small" style={{ marginTop: 10 }}>
          All overrides of {forecast.model}: {scores.data.verdict}
        </p>
      )}
    </section>
  );
}

const said = ({ change, amount }: Pick<Override, 'change' | 'amount'>): string =>
  change === 'percent'
    ? `${amount > 0 ? '+' : ''}${amount} %`
    : change === 'add'
      ? `${amount > 0 ? '+' : ''}${value(amount)}`
      : `= ${value(amount)}`;

function NewOverride({ forecast, at, onMade }: { forecast: Forecast; at: (ds: string | number) => string; onMade: () => Promise<void> }) {
  const client = useClient();
  const [from, setFrom] = useState(0);
  const [to, setTo] = useState(0);
  const [change, setChange] = useState<Change>('percent');
  const [amount, setAmount] = useState('');
  const [reason, setReason] = useState('');
  const number = Number(amount.replace(',', '.'));
  const known = amount.trim() !== '' && Number.isFinite(number);
  const make = useMutation({
    mutationFn: () =>
      client.call('createOverride', {
        params: { runId: forecast.runId },
        body: { uniqueId: forecast.uniqueId, from: forecast.ds[from]!, to: forecast.ds[to]!, [change]: number, reason },
      }),
    onSuccess: async () => {
      setAmount('');
      await onMade();
    },
  });
  const steps = forecast.ds.map((ds, h) => (
    <option key={ds} value={h}>
      {at(ds)}
    </option>
  ));
  return (
    <form
      className="row"
      style={{ gap: 10, margin: '10px 0 12px', flexWrap: 'wrap', alignItems: 'end' }}
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <label style={ABOVE}>
        From
        <select
          value={from}
          onChange={(event) => {
            setFrom(Number(event.target.value));
            setTo(Math.max(to, Number(event.target.value)));
          }}
        >
          {steps}
        </select>
      </label>
      <label style={ABOVE}>
        To
        <select value={to} onChange={(event) => setTo(Math.max(from, Number(event.target.value)))}>
          {steps}
        </select>
      </label>
      <label style={ABOVE}>
        Change
        <select value={change} onChange={(event) => setChange(event.target.value as Change)}>
          {Object.entries(CHANGES).map(([key, name]) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label style={ABOVE}>
        Amount
        <input inputMode="decimal" value={amount} style={{ width: 96 }} onChange={(event) => setAmount(event.target.value)} />
      </label>
      <label style={{ ...ABOVE, flex: '1 1 180px' }}>
        Reason
        <input value={reason} maxLength={500} placeholder="a fair in town" onChange={(event) => setReason(event.target.value)} />
      </label>
      <button type="submit" className="primary" disabled={!known || reason.trim() === '' || make.isPending}>
        Override
      </button>
      {make.error ? <Failure error={make.error} /> : null}
    </form>
  );
}

/** The steps that were changed. */
function Beside({ forecast, items, at }: { forecast: Forecast; items: readonly Override[]; at: (ds: string | number) => string }) {
  const model = atLevel(forecast, 0.5);
  const final = atLevel({ ...forecast, quantiles: forecast.final! }, 0.5);
  const within = (ds: string | number): boolean => items.some(({ from, to }) => ds >= from && ds <= to);
  const changed = forecast.ds.map((ds, h) => ({ ds, h })).filter(({ ds }) => within(ds));
  return (
    <div className="table-scroll" tabIndex={0} style={{ maxHeight: 260, marginTop: 10 }}>
      <table>
        <thead>
          <tr>
            <th>Time</th>
            <th className="number">Model</th>
            <th className="number">Override</th>
            <th className="number">Final</th>
          </tr>
        </thead>
        <tbody>
          {changed.map(({ ds, h }) => (
            <tr key={ds} style={{ whiteSpace: 'nowrap' }}>
              <td>{at(ds)}</td>
              <td className="number">{value(model?.[h])}</td>
              <td className="number">{signed((final?.[h] ?? 0) - (model?.[h] ?? 0))}</td>
              <td className="number">{value(final?.[h])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
