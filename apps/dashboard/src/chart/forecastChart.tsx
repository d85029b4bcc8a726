/** History, cutoff and forecast fan of one series, with a readout of the point under the cursor. */
import type { Observations } from '@almanac/contracts';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { axisPlace, time, value } from '../app/format';
import { colour } from '../app/theme';
import { BANDS, chartData, type Drawn, isolated } from './forecastData';
import { drawMarks, holidaysAt, type Marks, noMarks } from './marks';
import { drawPast, forecastAt, type PastForecast } from './pastForecasts';
import { clampWindow, type Extent, panBy, panZoom, zoomBy } from './panZoom';
import { Plot } from './plot';
import { timeAxis } from './timeAxis';

interface Props {
  history: Observations | undefined;
  forecast: Drawn | undefined;
  zone: string;
  withTime: boolean;
  height: number;
  label: string;
  marks?: Marks;
  /** Earlier forecasts, drawn over what came. */
  past?: readonly PastForecast[];
  /** What is shown at first, as on the axis; the end with its forecast unless given. */
  window?: Extent | undefined;
  /** What the reader chose to see, once the hand rests; undefined is everything. */
  onWindow?: (window: Extent | undefined) => void;
  /** Stands beside the ranges. */
  actions?: React.ReactNode;
  onPlot?: (plot: uPlot) => void;
}

/** A line needs two points; a value that stands alone is drawn as a dot. */
const dots = (fill: string): uPlot.Series.Points => ({
  show: false,
  size: 5,
  width: 0,
  fill,
  filter: (made, series) => {
    const [from, to] = made.series[0]?.idxs ?? [0, -1];
    const alone = isolated(made.data[series] ?? [], from, to);
    return alone.length > 0 ? alone : null;
  },
});

const DAY = 86_400;
const SPANS = [
  [DAY, '1 day'],
  [3 * DAY, '3 days'],
  [7 * DAY, '1 week'],
  [14 * DAY, '2 weeks'],
  [30.4 * DAY, '1 month'],
  [91.3 * DAY, '3 months'],
  [365.25 * DAY, '1 year'],
  [1826 * DAY, '5 years'],
  [7305 * DAY, '20 years'],
] as const;

const noPast: readonly PastForecast[] = [];
/** The hand rests: the window may go into the address. */
const REST_MS = 350;

export function ForecastChart(props: Props) {
  const { history, forecast, zone, withTime, height, label, marks = noMarks, past = noPast, actions, onPlot } = props;
  const data = useMemo(() => chartData(history, forecast), [history, forecast]);
  const x = data[0];
  const plain = typeof (history?.ds[0] ?? forecast?.cutoff) === 'number';
  const extent = useMemo<Extent>(() => ({ min: x[0] ?? 0, max: x.at(-1) ?? 1 }), [x]);
  const ahead = forecast ? extent.max - axisPlace(forecast.cutoff) : 0;
  const spans = useMemo(() => {
    const least = Math.max(ahead * 1.4, (extent.max - extent.min) / 2000);
    return (plain ? [] : SPANS).filter(([span]) => span >= least && span < extent.max - extent.min).slice(0, 4);
  }, [ahead, extent, plain]);
  const [readout, setReadout] = useState<number | null>(null);
  const plot = useRef<uPlot>(null);
  const state = useRef({ extent, marks, past, onWindow: props.onWindow, cutoff: undefined as number | undefined });
  // The plot's hooks outlive a render and must see the newest.
  // eslint-disable-next-line react-hooks/refs
  state.current = { extent, marks, past, onWindow: props.onWindow, cutoff: forecast ? axisPlace(forecast.cutoff) : undefined };

  const touched = useRef(false);
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const showLast = useCallback((made: uPlot, span: number | undefined) => {
    const all = state.current.extent;
    made.setScale('x', span === undefined ? all : clampWindow(all.max - span, all.max, all));
  }, []);

  const options = useCallback((): Omit<uPlot.Options, 'width' | 'height'> => {
    const ink = colour('--muted');
    const grid = colour('--grid');
    const forecastColour = colour('--forecast');
    const holidayColour = colour('--holiday');
    const changeColour = colour('--change');
    const pastLine = colour('--past');
    const pastBand = colour('--past-band');
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
    return {
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      padding: [10, 24, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, points: { size: 7 }, y: false },
      scales: {
        x: { time: !plain },
        y: {
          range: (_, min, max) => {
            if (min === null || max === null) return [0, 1];
            const pad = (max - min || Math.abs(max) || 1) * 0.08;
            // Counts and other things that cannot be negative stand on zero.
            return [min >= 0 && min < 0.6 * max ? 0 : min - pad, max + pad];
          },
        },
      },
      axes: [
        { ...axis, size: 42, ...timeAxis(zone, plain) },
        { ...axis, size: 56 },
      ],
      series: [
        {},
        { label: 'observed', stroke: colour('--history'), width: 1.4, points: dots(colour('--history')) },
        { label: 'median', stroke: forecastColour, width: 2, points: dots(forecastColour) },
        ...BANDS.flatMap(() => [0, 1].map(() => ({ stroke: 'transparent', width: 0, points: { show: false } }))),
      ],
      bands: BANDS.map((band, index) => ({
        series: [3 + 2 * index, 4 + 2 * index] as [number, number],
        fill: colour(`--band-${band.share}`),
      })),
      plugins: [panZoom(() => state.current.extent)],
      hooks: {
        setCursor: [(made) => setReadout(made.cursor.idx ?? null)],
        setScale: [
          (made, key) => {
            if (key !== 'x' || !touched.current) return;
            clearTimeout(resting.current);
            resting.current = setTimeout(() => {
              const { min, max } = made.scales['x'] as Extent;
              const all = state.current.extent;
              state.current.onWindow?.(min <= all.min && max >= all.max ? undefined : { min, max });
            }, REST_MS);
          },
        ],
        drawAxes: [
          (made) => {
            const { cutoff } = state.current;
            drawMarks(made, state.current.marks, holidayColour, changeColour);
            drawPast(made, state.current.past, pastLine, pastBand);
            if (cutoff === undefined) return;
            const left = Math.round(made.valToPos(cutoff, 'x', true));
            if (left < made.bbox.left || left > made.bbox.left + made.bbox.width) return;
            const pen = made.ctx;
            pen.save();
            pen.strokeStyle = ink;
            pen.lineWidth = devicePixelRatio;
            pen.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
            pen.beginPath();
            pen.moveTo(left, made.bbox.top);
            pen.lineTo(left, made.bbox.top + made.bbox.height);
            pen.stroke();
            pen.restore();
          },
        ],
      },
    };
  }, [zone, plain]);

  const first = (spans.find(([span]) => span >= 3 * ahead && (ahead > 0 || span >= 14 * DAY)) ?? spans.at(-1))?.[0];
  useEffect(() => plot.current?.redraw(false), [marks, past]);
  // A forecast often comes after its history: until the reader moves the chart, it shows the end of what is there.
  const touch = (): void => {
    touched.current = true;
  };
  const asked = useRef(props.window);
  const show = useCallback(
    (made: uPlot): void => {
      const wanted = asked.current;
      if (wanted) made.setScale('x', clampWindow(wanted.min, wanted.max, state.current.extent));
      else showLast(made, first);
    },
    [showLast, first],
  );
  useEffect(() => {
    if (plot.current && !touched.current) show(plot.current);
  }, [extent, show]);
  const ready = useCallback(
    (made: uPlot) => {
      plot.current = made;
      show(made);
      onPlot?.(made);
    },
    [show, onPlot],
  );
  useEffect(() => () => clearTimeout(resting.current), []);
  const onKey = (event: React.KeyboardEvent, made: uPlot): void => {
    const actions: Record<string, () => void> = {
      ArrowLeft: () => panBy(made, -0.2, extent),
      ArrowRight: () => panBy(made, 0.2, extent),
      '+': () => zoomBy(made, 0.7, extent),
      '=': () => zoomBy(made, 0.7, extent),
      '-': () => zoomBy(made, 1 / 0.7, extent),
      '0': () => showLast(made, undefined),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };

  return (
    <div className="stack" style={{ gap: 8 }} onPointerDownCapture={touch} onWheelCapture={touch} onKeyDownCapture={touch}>
      <div className="row spread">
        {spans.length > 0 && (
          <div className="segmented" role="group" aria-label="Range">
            {spans.map(([span, name]) => (
              <button key={name} type="button" onClick={() => plot.current && showLast(plot.current, span)}>
                {name}
              </button>
            ))}
            <button type="button" onClick={() => plot.current && showLast(plot.current, undefined)}>
              All
            </button>
          </div>
        )}
        {actions && <div className="row take">{actions}</div>}
      </div>
      <Readout data={data} plain={plain} at={readout} zone={zone} withTime={withTime} marks={marks} past={past} />
      <Plot options={options} data={data as uPlot.AlignedData} height={height} label={label} onReady={ready} onKey={onKey} />
      <div className="legend" aria-hidden="true">
        <span>
          <i className="line" /> observed
        </span>
        {forecast && (
          <>
            <span>
              <i className="median" /> median
            </span>
            <span>
              <i className="b50" /> 50 %
            </span>
            <span>
              <i className="b80" /> 80 %
            </span>
            <span>
              <i className="b95" /> 95 %
            </span>
            <span>
              <i className="cutoff" /> cutoff
            </span>
          </>
        )}
        {past.length > 0 && (
          <span>
            <i className="past" /> earlier forecasts, 80 %
          </span>
        )}
        {marks.holidays.length > 0 && (
          <span>
            <i className="holiday" /> holiday
          </span>
        )}
        {marks.changes.length > 0 && (
          <span>
            <i className="change" /> changepoint
          </span>
        )}
        {!plain && <span>times in {zone}</span>}
      </div>
    </div>
  );
}

function Readout({
  data,
  plain,
  at,
  zone,
  withTime,
  marks,
  past,
}: {
  data: ReturnType<typeof chartData>;
  plain: boolean;
  at: number | null;
  zone: string;
  withTime: boolean;
  marks: Marks;
  past: readonly PastForecast[];
}) {
  if (at === null || data[0][at] === undefined)
    return <div className="readout">Point at the chart to read values; drag to pan, focus and scroll to zoom.</div>;
  const earlier = forecastAt(past, data[0][at]);
  const holiday = holidaysAt(marks, data[0][at]);
  const cell = (column: number): number | null | undefined => data[column]?.[at];
  return (
    <div className="readout">
      <b>{time(plain ? data[0][at] : new Date(data[0][at] * 1000).toISOString(), zone, withTime)}</b>
      {holiday && <span>{holiday}</span>}
      {cell(1) !== undefined && (
        <span>
          observed <b>{cell(1) === null ? 'missing' : value(cell(1))}</b>
        </span>
      )}
      {earlier && (
        <span>
          forecast before{' '}
          <b>
            {value(earlier.forecast.median[earlier.step])}
            {earlier.forecast.lo && earlier.forecast.hi
              ? ` (${value(earlier.forecast.lo[earlier.step])} – ${value(earlier.forecast.hi[earlier.step])})`
              : ''}
          </b>{' '}
          {earlier.step + 1} {earlier.step === 0 ? 'step' : 'steps'} ahead
        </span>
      )}
      {cell(2) !== undefined && (
        <span>
          median <b>{value(cell(2))}</b>
        </span>
      )}
      {cell(2) !== undefined &&
        BANDS.map((band, index) => (
          <span key={band.share}>
            {band.share} %{' '}
            <b>
              {value(cell(4 + 2 * index))} – {value(cell(3 + 2 * index))}
            </b>
          </span>
        )).reverse()}
    </div>
  );
}
