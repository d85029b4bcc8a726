/** What the forecast of a series says, how it fared, and what to do where there is none. */
import type { Dataset, Forecast } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { seriesAddress } from '../../app/address';
import { count, isSubDaily, shortTime, value } from '../../app/format';
import { useAll, useCall } from '../../app/queries';
import { useClient } from '../../app/session';
import { atLevel, type Drawn, type Hindsight } from '../../chart/forecastData';
import { Fact, Failure } from '../../ui/parts';
import { Only } from '../../ui/only';

export function ForecastCards({ dataset, forecast, fared }: { dataset: Dataset; forecast: Forecast; fared: Hindsight | null }) {
  const version = useCall('getModelVersion', { params: { model: forecast.model, version: forecast.version } }).data;
  const withTime = isSubDaily(dataset.frequency);
  const { uniqueId } = forecast;
  return (
    <div className="columns">
      <section className="card">
        <h2>Forecast</h2>
        <dl className="facts">
          <Fact name="Model">
            <Link to={`/models/${encodeURIComponent(forecast.model)}`}>
              {forecast.model} {forecast.version}
            </Link>
          </Fact>
          <Fact name="Cutoff">{shortTime(forecast.cutoff, dataset.timeZone, withTime)}</Fact>
          <Fact name="Horizon">{count(forecast.ds.length)} steps</Fact>
          {version && (
            <Fact name={`WQL to ${version.baseline ?? 'seasonal naive'}`}>
              {version.wqlRatio === null ? '–' : `${version.wqlRatio.toFixed(2)} ×`}
            </Fact>
          )}
          {typeof version?.score?.metrics['mase'] === 'number' && (
            <Fact name="MASE on the held-out steps">{version.score.metrics['mase'].toFixed(2)}</Fact>
          )}
          {fared && <Fact name={`Mean absolute error, ${fared.steps} steps that came`}>{value(fared.meanAbsoluteError)}</Fact>}
          {typeof fared?.inside80 === 'number' && <Fact name="Of these inside the 80 % band">{Math.round(fared.inside80 * 100)} %</Fact>}
        </dl>
        {forecast.notes.map(({ code, detail }) => (
          <div className="note warn" key={code}>
            <span>{detail}</span>
          </div>
        ))}
        <p className="row" style={{ marginTop: 14 }}>
          <Link to={seriesAddress(`/attention/${forecast.runId}`, uniqueId)}>What it looked at</Link>
          <Link to={`/runs/${forecast.runId}`}>The run</Link>
          {version && version.futureCovariates.length > 0 && (
            <Only>
              <Link
                to={seriesAddress(
                  `/what-if/${encodeURIComponent(forecast.model)}`,
                  uniqueId,
                  new URLSearchParams({ version: String(forecast.version) }),
                )}
              >
                What if?
              </Link>
            </Only>
          )}
        </p>
      </section>
      <section className="card">
        <h2>Next steps</h2>
        <NextSteps forecast={forecast} zone={dataset.timeZone} withTime={withTime} />
      </section>
    </div>
  );
}

export function NextSteps({ forecast, zone, withTime }: { forecast: Drawn; zone: string; withTime: boolean }) {
  const [all, setAll] = useState(false);
  const [median, lo, hi] = [0.5, 0.1, 0.9].map((level) => atLevel(forecast, level));
  const shown = all ? forecast.ds : forecast.ds.slice(0, 6);
  return (
    <div className="table-scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>Time</th>
            <th className="number">Median</th>
            <th className="number">80 % interval</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((ds, index) => (
            <tr key={ds} style={{ whiteSpace: 'nowrap' }}>
              <td>{shortTime(ds, zone, withTime)}</td>
              <td className="number">{value(median?.[index])}</td>
              <td className="number">
                {value(lo?.[index])} – {value(hi?.[index])}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {forecast.ds.length > 6 && (
        <button type="button" className="quiet compact" onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `All ${forecast.ds.length} steps`}
        </button>
      )}
    </div>
  );
}

/** @param onLook asks for a first look, which needs no training */
export function NoForecast({ dataset, uniqueId, onLook }: { dataset: Dataset; uniqueId: string; onLook: () => void }) {
  const models = useAll('listModels', {});
  const client = useClient();
  const fitting = models.data?.items.filter((model) => model.dataset === dataset.name) ?? [];
  const ask = useMutation({ mutationFn: (model: string) => client.call('forecast', { body: { model, attention: true } }) });
  if (!models.data) return null;
  return (
    <div className="note">
      <strong>No forecast of {uniqueId} yet</strong>
      {fitting.length > 0 ? (
        <>
          <span>A model has been trained on this dataset; ask it for a forecast.</span>
          <Only>
            <div className="row actions">
              {fitting.map((model) => (
                <button
                  key={model.name}
                  type="button"
                  className="primary"
                  disabled={ask.isPending || ask.isSuccess}
                  onClick={() => ask.mutate(model.name)}
                >
                  {ask.isSuccess ? 'Queued' : `Forecast with ${model.name}`}
                </button>
              ))}
              <FirstLookButton onLook={onLook} />
            </div>
          </Only>
          {ask.error ? <Failure error={ask.error} /> : null}
        </>
      ) : (
        <>
          <span>A first look needs no training; a model that is trained on {dataset.name} mostly forecasts better.</span>
          <Only>
            <div className="row actions">
              <FirstLookButton onLook={onLook} />
              <Link className="button" to={`/train?dataset=${encodeURIComponent(dataset.name)}`}>
                Train a model
              </Link>
            </div>
          </Only>
        </>
      )}
    </div>
  );
}

const FirstLookButton = ({ onLook }: { onLook: () => void }) => (
  <button type="button" className="primary" onClick={onLook}>
    First look
  </button>
);
