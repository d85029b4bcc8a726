/** A map of attention on a canvas: horizon steps down, look-back across, darker where more weight lies. */
import type { StepTime } from '@almanac/contracts';
import { useEffect, useMemo, useRef } from 'react';
import { share, shortTime } from '../../app/format';
import { colour, useEffectiveTheme } from '../../app/theme';
import type { Place } from './place';
import { scaleOf, shadeOf } from './weights';

interface Props {
  label: string;
  /** [horizon][columns] */
  map: number[][];
  columns: StepTime[];
  rows: StepTime[];
  place: Place | null;
  onPlace: (place: Place | null) => void;
  zone: string;
  withTime: boolean;
}

const HEIGHT = 240;
const DIMMED = 0.28;

export function HeatMap({ label, map, columns, rows, place, onPlace, zone, withTime }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useEffectiveTheme();
  const width = map[0]?.length ?? 0;
  const scale = useMemo(() => scaleOf(map.flat()), [map]);
  const row = place?.row ?? null;

  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext('2d');
    if (!element || !pen || width === 0) return;
    // One pixel per weight; the browser scales it up without smoothing.
    element.width = width;
    element.height = map.length;
    const [r = 0, g = 0, b = 0] = (colour('--forecast').match(/[\d.]+/g) ?? []).map(Number);
    const image = pen.createImageData(width, map.length);
    map.forEach((weights, y) =>
      weights.forEach((weight, x) => {
        const alpha = 255 * shadeOf(weight, scale) * (row === null || row === y ? 1 : DIMMED);
        image.data.set([r, g, b, alpha], 4 * (y * width + x));
      }),
    );
    pen.putImageData(image, 0, 0);
  }, [map, width, row, theme, scale]);

  const clamp = (index: number, count: number): number => Math.max(0, Math.min(count - 1, index));
  const onKey = (event: React.KeyboardEvent): void => {
    const [down = 0, right = 0] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [];
    if (event.key === 'Escape') onPlace(null);
    else if (down !== 0) onPlace({ row: clamp((row ?? -1) + down, rows.length), column: place?.column ?? null });
    else if (right !== 0) onPlace({ row: row ?? 0, column: clamp((place?.column ?? (right > 0 ? -1 : width)) + right, width) });
    else return;
    event.preventDefault();
  };
  return (
    <figure className="heat">
      <div className="heat-body">
        <div className="heat-rows small muted" aria-hidden="true">
          <span>{shortTime(rows[0] ?? '', zone, withTime)}</span>
          <span>{shortTime(rows[Math.floor(rows.length / 2)] ?? '', zone, withTime)}</span>
          <span>{shortTime(rows.at(-1) ?? '', zone, withTime)}</span>
        </div>
        <canvas
          ref={canvas}
          tabIndex={0}
          role="img"
          aria-label={`${label}: ${rows.length} horizon steps over ${width} columns of the look-back`}
          style={{ height: HEIGHT }}
          onKeyDown={onKey}
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            onPlace({
              row: clamp(Math.floor(((event.clientY - box.top) / box.height) * rows.length), rows.length),
              column: clamp(Math.floor(((event.clientX - box.left) / box.width) * width), width),
            });
          }}
          onPointerLeave={() => onPlace(null)}
        />
      </div>
      <figcaption className="row spread small muted">
        <span>{shortTime(columns[0] ?? '', zone, withTime)}</span>
        <span className="row" style={{ gap: 6, flexWrap: 'nowrap' }}>
          {share(scale.low)} <i className="ramp" /> {share(scale.high)}
        </span>
        <span>{shortTime(columns.at(-1) ?? '', zone, withTime)}</span>
      </figcaption>
    </figure>
  );
}
