/** What a chart marks behind its lines: days as bands, moments as flagged lines. Times in seconds. */
import type uPlot from 'uplot';

export interface Marks {
  holidays: readonly { from: number; to: number; name: string }[];
  changes: readonly { at: number }[];
}

export const noMarks: Marks = { holidays: [], changes: [] };

/** So many bands at a time say nothing: they shrink to ticks on the axis. */
const MOST_BANDS = 40;
const TICK = 5;

export function drawMarks(plot: uPlot, { holidays, changes }: Marks, holidayColour: string, changeColour: string): void {
  const { ctx: pen, bbox } = plot;
  const { min, max } = plot.scales['x'] as { min: number; max: number };
  const place = (at: number): number => plot.valToPos(at, 'x', true);
  pen.save();
  pen.beginPath();
  pen.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  pen.clip();
  const shown = holidays.filter(({ from, to }) => to > min && from < max);
  const whole = shown.length <= MOST_BANDS;
  pen.fillStyle = holidayColour;
  for (const { from, to } of shown) {
    const left = place(from);
    const width = Math.max(2 * devicePixelRatio, place(to) - left);
    const height = whole ? bbox.height : TICK * devicePixelRatio;
    pen.fillRect(left, bbox.top + bbox.height - height, width, height);
  }
  pen.strokeStyle = changeColour;
  pen.fillStyle = changeColour;
  pen.lineWidth = 1.5 * devicePixelRatio;
  for (const { at } of changes) {
    if (at < min || at > max) continue;
    const left = Math.round(place(at));
    const flag = 6 * devicePixelRatio;
    pen.beginPath();
    pen.moveTo(left, bbox.top);
    pen.lineTo(left, bbox.top + bbox.height);
    pen.stroke();
    pen.beginPath();
    pen.moveTo(left, bbox.top);
    pen.lineTo(left + flag, bbox.top + flag / 2);
    pen.lineTo(left, bbox.top + flag);
    pen.fill();
  }
  pen.restore();
}

/** Names of the holidays that a moment lies in. */
export const holidaysAt = ({ holidays }: Marks, at: number): string =>
  holidays
    .filter(({ from, to }) => at >= from && at < to)
    .map(({ name }) => name)
    .join(', ');
