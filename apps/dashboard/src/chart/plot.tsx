/**
 * uPlot in React: made once per set of options, fed with new data, sized to its box, drawn anew when the theme changes.
 * Options must be stable (useMemo); data may change freely.
 */
import { useEffect, useLayoutEffect, useRef } from 'react';
import uPlot from 'uplot';
import { useEffectiveTheme } from '../app/theme';

export interface PlotProps {
  options: () => Omit<uPlot.Options, 'width' | 'height'>;
  data: uPlot.AlignedData;
  height: number;
  label: string;
  onReady?: (plot: uPlot) => void;
  /** New data move the scales along, as for a curve that grows. */
  rescale?: boolean;
  onKey?: (event: React.KeyboardEvent, plot: uPlot) => void;
}

export function Plot({ options, data, height, label, rescale = false, onReady, onKey }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const drawn = useRef<uPlot.AlignedData>(null);
  const theme = useEffectiveTheme();
  const latest = useRef({ data, onReady });
  useLayoutEffect(() => {
    latest.current = { data, onReady };
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot({ ...options(), width: element.clientWidth || 600, height }, latest.current.data, element);
    plot.current = made;
    drawn.current = latest.current.data;
    latest.current.onReady?.(made);
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [options, height, theme]);

  useEffect(() => {
    if (!plot.current || drawn.current === data) return;
    drawn.current = data;
    // Otherwise the scales stay where the reader put them.
    plot.current.setData(data, rescale);
    if (!rescale) plot.current.redraw();
  }, [data, rescale]);

  return (
    <div
      ref={box}
      className="chart"
      style={{ height }}
      role="group"
      aria-roledescription="chart"
      aria-label={label}
      {...(onKey ? { tabIndex: 0, onKeyDown: (event) => plot.current && onKey(event, plot.current) } : {})}
    />
  );
}
