/** Lists of civil days as text, short enough to be part of a frequency code: `days -> text -> days` is the identity. */

/** The first day, then what each is later than the one before; base 36, with points between. */
export function packDays(days: readonly number[]): string {
  return days.map((day, index) => (day - (index === 0 ? 0 : days[index - 1]!)).toString(36)).join('.');
}

/** Undefined for text that holds no ascending days. */
export function unpackDays(text: string): number[] | undefined {
  let day = 0;
  const days: number[] = [];
  for (const part of text.split('.')) {
    const more = parseInt(part, 36);
    if (!Number.isInteger(more) || more.toString(36) !== part || (days.length > 0 && more < 1)) return undefined;
    day += more;
    days.push(day);
  }
  return days;
}
