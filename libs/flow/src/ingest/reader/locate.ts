/**
 * On which line of the file does a row begin? DuckDB numbers rows, people number lines; quoted line breaks, blank lines
 * and rows that were left out lie between the two. Only run where rows were rejected.
 */
import { createReadStream } from 'node:fs';
import type { Source } from './source.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;
const SPACE = 0x20;

export interface Located {
  /** Line (from 1) of each row that was asked for. */
  lineOf: Map<number, number>;
  /** Lines of the rows that were left out, in order. */
  leftOut: number[];
}

/**
 * @param rows row numbers from 0, ascending, counted without the rows left out
 * @param leftOut byte positions at which rows begin that the reader left out, ascending
 */
export async function locate(lines: NonNullable<Source['lines']>, rows: readonly number[], leftOut: readonly number[]): Promise<Located> {
  const { path, skipLines, delimiter } = lines;
  const located: Located = { lineOf: new Map(), leftOut: [] };
  const separator = delimiter?.charCodeAt(0);
  let row = 0;
  let line = 1;
  let wanted = 0;
  let out = 0;
  let position = 0;
  /** Where the present row began. */
  let start = 0;
  let startLine = 1;
  let blank = true;
  let quoted = false;
  let fieldStart = true;
  let last = 0;

  const endRow = (): void => {
    if (!blank) {
      // DuckDB's position is that of the row, of the blank line before it, or one byte into the row.
      if (out < leftOut.length && leftOut[out]! <= start + 1) {
        while (out < leftOut.length && leftOut[out]! <= start + 1) out++;
        located.leftOut.push(startLine);
      } else {
        if (wanted < rows.length && rows[wanted] === row) {
          located.lineOf.set(row, startLine);
          wanted++;
        }
        row++;
      }
    }
    blank = true;
    fieldStart = true;
  };

  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (const byte of chunk) {
      position++;
      const ends = byte === NEWLINE && last !== RETURN ? true : byte === RETURN;
      if (line > skipLines) {
        if (byte === QUOTE && separator !== undefined && (quoted || fieldStart || last === QUOTE)) {
          if (blank) [blank, start, startLine] = [false, position - 1, line];
          quoted = !quoted;
          fieldStart = false;
        } else if (byte === NEWLINE || byte === RETURN) {
          if (!quoted && ends) endRow();
        } else if (separator !== undefined || byte > SPACE) {
          if (blank) [blank, start, startLine] = [false, position - 1, line];
          fieldStart = byte === separator;
        }
      }
      if (ends) line++;
      last = byte;
    }
    if (wanted >= rows.length && out >= leftOut.length) break;
  }
  endRow();
  return located;
}
