/**
 * What flows from the reader process to its parent, over a pipe: messages (JSON, few) and pieces (arrays, many).
 *
 * A frame is a head of 32 bytes and a body. Head, little endian: kind, channel, values, idBytes, noteBytes, each 32 bits, and
 * firstStep as a float64, since steps of milliseconds need more. Body: the values as float64, the id, the note. Values come
 * first so that they are aligned in the buffer they are received into and need no second copy.
 */
import type { Readable } from 'node:stream';
import { ByteReader } from './byteReader.js';

const HEAD_BYTES = 32;
const FIRST_STEP_AT = 24;
const MESSAGE = 0;
const PIECE = 1;

/** Some consecutive steps of one channel of one series; NaN where the file says nothing. */
export interface Piece {
  id: string;
  /** 0 is the target, then the covariates in the order of the head message. */
  channel: number;
  firstStep: number;
  values: Float64Array;
  /** Static covariates, with the first piece of a series only. */
  statics?: Record<string, number | string | null>;
}

export type Frame = { message: unknown } | { piece: Piece };

export function messageFrame(message: unknown): Buffer {
  const note = Buffer.from(JSON.stringify(message));
  return Buffer.concat([head(MESSAGE, 0, 0, 0, 0, note.length), note]);
}

export function pieceFrame(piece: Piece): Buffer {
  const id = Buffer.from(piece.id);
  const note = piece.statics ? Buffer.from(JSON.stringify(piece.statics)) : Buffer.alloc(0);
  const { values } = piece;
  return Buffer.concat([
    head(PIECE, piece.channel, piece.firstStep, values.length, id.length, note.length),
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
    id,
    note,
  ]);
}

function head(kind: number, channel: number, firstStep: number, ...counts: [values: number, idBytes: number, noteBytes: number]): Buffer {
  const buffer = Buffer.alloc(HEAD_BYTES);
  [kind, channel, ...counts].forEach((field, index) => buffer.writeInt32LE(field, index * 4));
  buffer.writeDoubleLE(firstStep, FIRST_STEP_AT);
  return buffer;
}

/** Frames in the order they were written. Ends where the pipe does, also in the middle of a frame. */
export async function* readFrames(pipe: Readable): AsyncGenerator<Frame, void> {
  const bytes = new ByteReader(pipe);
  for (;;) {
    const head = await bytes.take(HEAD_BYTES);
    if (!head) return;
    const [kind, channel, count, idBytes, noteBytes] = Array.from({ length: 5 }, (_, index) => head.readInt32LE(index * 4)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const firstStep = head.readDoubleLE(FIRST_STEP_AT);
    const body = await bytes.take(count * 8 + idBytes + noteBytes);
    if (!body) return;
    const note = body.toString('utf8', body.length - noteBytes);
    if (kind === MESSAGE) {
      yield { message: JSON.parse(note) as unknown };
      continue;
    }
    const id = body.toString('utf8', count * 8, count * 8 + idBytes);
    const piece: Piece = { id, channel, firstStep, values: new Float64Array(body.buffer, 0, count) };
    if (noteBytes > 0) piece.statics = JSON.parse(note) as NonNullable<Piece['statics']>;
    yield { piece };
  }
}
