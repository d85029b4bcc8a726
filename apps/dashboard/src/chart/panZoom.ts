/**
 * Pan by dragging, zoom by wheel or pinch, everything by double click; always inside the data. One redraw per frame,
 * however many events come.
 */
import type uPlot from 'uplot';

export interface Extent {
  min: number;
  max: number;
}

/** Fits a window into the extent, keeping its width where it can. */
export function clampWindow(min: number, max: number, extent: Extent): Extent {
  const width = Math.min(max - min, extent.max - extent.min);
  if (min < extent.min) return { min: extent.min, max: extent.min + width };
  if (max > extent.max) return { min: extent.max - width, max: extent.max };
  return { min, max };
}

export function zoomBy(plot: uPlot, factor: number, extent: Extent, at?: number): void {
  const { min, max } = plot.scales['x'] as { min: number; max: number };
  const centre = at ?? (min + max) / 2;
  plot.setScale('x', clampWindow(centre - (centre - min) * factor, centre + (max - centre) * factor, extent));
}

export function panBy(plot: uPlot, share: number, extent: Extent): void {
  const { min, max } = plot.scales['x'] as { min: number; max: number };
  const shift = (max - min) * share;
  plot.setScale('x', clampWindow(min + shift, max + shift, extent));
}

export function panZoom(extent: () => Extent): uPlot.Plugin {
  return {
    hooks: {
      ready: (plot) => {
        const over = plot.over;
        over.style.touchAction = 'pan-y';
        const pointers = new Map<number, number>();
        let pending: (() => void) | undefined;
        const onFrame = (work: () => void): void => {
          if (!pending) {
            requestAnimationFrame(() => {
              pending?.();
              pending = undefined;
            });
          }
          pending = work;
        };
        const left = (event: { clientX: number }): number => event.clientX - over.getBoundingClientRect().left;
        const spread = (): number => Math.max(20, Math.abs(Math.max(...pointers.values()) - Math.min(...pointers.values())));
        let start: { min: number; max: number; x: number; spread: number; centre: number } | undefined;

        const begin = (): void => {
          const { min, max } = plot.scales['x'] as Extent;
          const xs = [...pointers.values()];
          const x = xs.reduce((sum, value) => sum + value, 0) / xs.length;
          start = { min, max, x, spread: spread(), centre: plot.posToVal(x, 'x') };
        };
        over.addEventListener('pointerdown', (event) => {
          if (event.button !== 0) return;
          over.setPointerCapture(event.pointerId);
          over.classList.add('panning');
          pointers.set(event.pointerId, left(event));
          begin();
        });
        over.addEventListener('pointermove', (event) => {
          if (!pointers.has(event.pointerId) || !start) return;
          pointers.set(event.pointerId, left(event));
          const from = start;
          onFrame(() => {
            if (pointers.size === 0) return;
            const xs = [...pointers.values()];
            const x = xs.reduce((sum, value) => sum + value, 0) / xs.length;
            const width = (from.max - from.min) * (pointers.size > 1 ? from.spread / spread() : 1);
            const min = from.centre - (x / over.clientWidth) * width;
            plot.setScale('x', clampWindow(min, min + width, extent()));
          });
        });
        const end = (event: PointerEvent): void => {
          pointers.delete(event.pointerId);
          if (pointers.size > 0) begin();
          else over.classList.remove('panning');
        };
        over.addEventListener('pointerup', end);
        over.addEventListener('pointercancel', end);
        over.addEventListener(
          'wheel',
          (event) => {
            // A plain vertical wheel scrolls the page unless the chart has the focus or the gesture is a pinch.
            const focused = over.closest('.chart')?.contains(document.activeElement);
            const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
            if (!focused && !event.ctrlKey && !event.shiftKey && !sideways) return;
            event.preventDefault();
            const at = plot.posToVal(left(event), 'x');
            if (sideways || event.shiftKey)
              onFrame(() => panBy(plot, (sideways ? event.deltaX : event.deltaY) / over.clientWidth, extent()));
            else onFrame(() => zoomBy(plot, Math.exp(Math.max(-80, Math.min(80, event.deltaY)) * 0.004), extent(), at));
          },
          { passive: false },
        );
        over.addEventListener('dblclick', () => plot.setScale('x', extent()));
      },
    },
  };
}
