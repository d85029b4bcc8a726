/** Text that no database holds: a NUL, and halves of surrogate pairs. Named by its place, before anybody is asked. */
import { AlmanacError } from '@almanac/series';

/** @throws AlmanacError TEXT_INVALID */
export function refuseText(value: unknown, at: string): void {
  if (typeof value === 'string') {
    if (!value.includes('\0') && value.isWellFormed()) return;
    throw new AlmanacError('TEXT_INVALID', `${at.slice(0, 200)} holds a character that no text may have: a NUL or half of a pair.`, {
      hint: 'Take it out.',
      subject: { at: at.slice(0, 200).toWellFormed().replaceAll('\0', '') },
    });
  }
  if (Array.isArray(value)) value.forEach((one, i) => typeof one !== 'number' && refuseText(one, `${at}.${i}`));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      refuseText(key, `a key of ${at}`);
      refuseText(one, `${at}.${key}`);
    }
  }
}
