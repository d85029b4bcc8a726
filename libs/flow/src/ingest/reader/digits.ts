/**
 * Digits of other scripts (Arabic-Indic, Devanagari, Thai, full width …) as SQL that writes 0 to 9 for them, with the signs that stand
 * between them there, and without the marks of writing direction. They have one reading.
 */
import { literal } from './database.js';

/** Where the ten digits of a script begin in Unicode (Nd). */
const ZEROS = [
  0x0660, 0x06f0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0, 0xff10,
];
const FROM = ZEROS.flatMap((zero) => Array.from({ length: 10 }, (_, digit) => String.fromCodePoint(zero + digit))).join('');
const TO = ZEROS.map(() => '0123456789').join('');
/** In full width, as East Asian keyboards write them. */
const SIGNS = { from: '／：－．，％', to: '/:-.,%' };
const MARKS = '\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069';

/** True where a text has such a digit or such a mark. */
export const hasForeignDigits = (text: string): string => `regexp_matches(${text}, ${literal(`[${FROM}${MARKS}]`)})`;

/** The text with the digits that are read. Translating to nothing leaves a letter out. */
export const westernDigits = (text: string): string =>
  `translate(${text}, ${literal(FROM + SIGNS.from + MARKS)}, ${literal(TO + SIGNS.to)})`;

/** The same for a number: Arabic has a decimal sign and one for thousands of its own. */
export const westernNumber = (text: string, decimal: '.' | ','): string =>
  `translate(${westernDigits(text)}, ${literal('٫٪٬')}, ${literal(`${decimal}%`)})`;
