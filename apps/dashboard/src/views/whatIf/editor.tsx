/**
 * One covariate over the horizon, as points that are moved: dragged by the pointer, which takes along every step it passes
 * over, or by the arrow keys, one step at a time. The drawing is a slider for those who do not see it.
 */
import type { StepTime } from '@almanac/contracts';
import { useRef, useState } from 'react';
import { shortTime, value } from '../../app/format';
import { ChartCard } from '../../ui/chartCard';
import { clampStep, domainOf, moved, rounded } from './values';

interface Props {
  name: string;
  ds: readonly StepTime[];
  baseline: readonly number[];
  /** Undefined: as stored. */
  values: readonly number[] | undefined;
  zone: string;
  withTime: boolean;
  onChange: (values: readonly number[] | undefined) => void;
}

const WIDTH = 1000;
const HEIGHT = 180;
const MARGIN = 12;

export function CovariateEditor({ name, ds, baseline, values = baseline, zone, withTime, onChange }: Props) {
  const [step, setStep] = useState(0);
  const [grip, setGrip] = useState<ReturnType<typeof domainOf>>();
  const previous = useRef<{ step: number; value: number }>(undefined);
  // While a point is held the scale stands still under the hand.
  const { low, high } = grip ?? domainOf(baseline, values);
  const x = (index: number): number => ((index + 0.5) / ds.length) * WIDTH;
  const y = (number: number): number => HEIGHT - MARGIN - ((number - low) / (high - low)) * (HEIGHT - 2 * MARGIN);
  const path = (numbers: readonly number[]): string =>
    numbers.map((one, index) => `${index === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(one).toFixed(1)}`).join('');
  const set = (next: readonly number[]): void => onChange(next.every((one, index) => one === baseline[index]) ? undefined : next);
  const nudge = (high - low) / 50;

  const onPointer = (event: React.PointerEvent<SVGSVGElement>, start: boolean): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = clampStep(Math.floor(((event.clientX - box.left) / box.width) * ds.length), ds.length);
    const inside = ((event.clientY - box.top) / box.height) * HEIGHT;
    const share = (HEIGHT - MARGIN - inside) / (HEIGHT - 2 * MARGIN);
    const to = rounded(low + Math.min(1, Math.max(0, share)) * (high - low), nudge);
    set(moved(values, start ? undefined : previous.current, { step: at, value: to }));
    previous.current = { step: at, value: to };
    setStep(at);
  };
  const onKey = (event: React.KeyboardEvent): void => {
    const by = event.shiftKey ? 10 : 1;
    const change = (to: number): void => set(values.map((one, index) => (index === step ? rounded(to, nudge) : one)));
    const current = values[step] ?? 0;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => setStep(clampStep(step - by, ds.length)),
      ArrowRight: () => setStep(clampStep(step + by, ds.length)),
      Home: () => setStep(0),
      End: () => setStep(ds.length - 1),
      ArrowUp: () => change(current + by * nudge),
      ArrowDown: () => change(current - by * nudge),
      Delete: () => set(values.map((one, index) => (index === step ? (baseline[index] ?? one) : one))),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  const where = shortTime(ds[step] ?? '', zone, withTime);
  return (
    <ChartCard
      title={name}
      name={`what-if-${name}`}
      about="Drag the points, or focus the drawing: left and right choose a step, up and down move it, Delete puts it back."
      csv={() => [['ds', 'stored', 'changed'], ...ds.map((instant, index) => [instant, baseline[index], values[index]])]}
    >
      <svg
        className="editor"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="slider"
        tabIndex={0}
        aria-label={`${name} over the horizon`}
        aria-orientation="vertical"
        aria-valuemin={low}
        aria-valuemax={high}
        aria-valuenow={values[step] ?? 0}
        aria-valuetext={`${where}: ${value(values[step])}`}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setGrip({ low, high });
          onPointer(event, true);
        }}
        onPointerMove={(event) => {
          if (grip) onPointer(event, false);
        }}
        onPointerUp={() => setGrip(undefined)}
        onPointerCancel={() => setGrip(undefined)}
      >
        <rect x={x(step) - WIDTH / ds.length / 2} y="0" width={WIDTH / ds.length} height={HEIGHT} fill="var(--sunken)" />
        <path
          d={path(baseline)}
          fill="none"
          stroke="var(--muted)"
          strokeWidth="1.4"
          strokeDasharray="5 5"
          vectorEffect="non-scaling-stroke"
        />
        <path d={path(values)} fill="none" stroke="var(--forecast)" strokeWidth="2" vectorEffect="non-scaling-stroke" />
        {values.map((one, index) => (
          // A dot as a line without length: its round ends keep their shape where the drawing is stretched.
          <path
            key={index}
            d={`M${x(index).toFixed(1)} ${y(one).toFixed(1)}h0.01`}
            stroke={one === baseline[index] ? 'var(--history)' : 'var(--forecast)'}
            strokeWidth={index === step ? 11 : 8}
            strokeLinecap="round"
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      <div className="row spread small muted">
        <span>
          {value(low)} to {value(high)}
        </span>
        <span role="status">
          {where}: <b>{value(values[step])}</b>
          {values[step] !== baseline[step] && ` instead of ${value(baseline[step])}`}
        </span>
      </div>
      <div className="row" style={{ marginTop: 10 }}>
        <label className="row small" style={{ gap: 6 }}>
          Every step
          <input
            className="compact"
            style={{ width: 100 }}
            type="number"
            step="any"
            placeholder={value(values[0])}
            onChange={(event) => {
              const to = event.target.valueAsNumber;
              if (Number.isFinite(to)) set(values.map(() => to));
            }}
          />
        </label>
        {[0.9, 1.1].map((factor) => (
          <button key={factor} type="button" className="compact" onClick={() => set(values.map((one) => one * factor))}>
            {factor < 1 ? '−10 %' : '+10 %'}
          </button>
        ))}
        <button type="button" className="compact" disabled={values === baseline} onClick={() => onChange(undefined)}>
          As stored
        </button>
      </div>
    </ChartCard>
  );
}
