/** A map of attention on a canvas: horizon steps down, look-back across, darker where more weight lies. */
import { useEffect, useRef } from 'react';
import { time } from '../../app/format';
import { colour, useEffectiveTheme } from '../../app/theme';

interface Props {
  label: string;
  /** [horizon][columns] */
  map: number[][];
  columns: string[];
  rows: string[];
  row: number | null;
  onRow: (row: number | null) => void;
  zone: string;
}

const HEIGHT = 240;

export function HeatMap({ label, map, columns, rows, row, onRow, zone }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useEffectiveTheme();
  const width = map[0]?.length ?? 0;

  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext('2d');
    if (!element || !pen || width === 0) return;
    // One pixel per weight; the browser scales it up without smoothing.
    element.width = width;
    element.height = map.length;
    const [r = 0, g = 0, b = 0] = (colour('--forecast').match(/[\d.]+/g) ?? []).map(Number);
    const highest = Math.max(...map.map((weights) => Math.max(...weights)), 1e-9);
    const image = pen.createImageData(width, map.length);
    map.forEach((weights, y) =>
      weights.forEach((weight, x) => {
        // The square root keeps faint weights visible beside strong ones.
        const alpha = Math.sqrt(Math.max(0, weight) / highest) * (row === null || row === y ? 255 : 70);
        image.data.set([r, g, b, alpha], 4 * (y * width + x));
      }),
    );
    pen.putImageData(image, 0, 0);
  }, [map, width, row, theme]);

  const onKey = (event: React.KeyboardEvent): void => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') onRow(null);
    else if (move !== undefined) onRow(Math.max(0, Math.min(rows.length - 1, (row ?? -1) + move)));
    else return;
    event.preventDefault();
  };
  return (
    <figure className="heat">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`${label}: ${rows.length} horizon steps over ${width} columns of the look-back`}
        style={{ height: HEIGHT }}
        onKeyDown={onKey}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onRow(Math.max(0, Math.min(rows.length - 1, Math.floor(((event.clientY - box.top) / box.height) * rows.length))));
        }}
        onPointerLeave={() => onRow(null)}
      />
      <figcaption className="row spread small muted">
        <span>{time(columns[0], zone)}</span>
        <span>look-back</span>
        <span>{time(columns.at(-1), zone)}</span>
      </figcaption>
    </figure>
  );
}
