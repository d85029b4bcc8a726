/**
 * What a JSON body will take once it is parsed, estimated from its bytes in one pass and before anything is made of it:
 * 3 bytes of `{},` become 60 of memory, so that the length of a body says little.
 */

/** Bytes on V8's heap, measured on bodies of one kind each and rounded up. */
const LIST_OR_OBJECT = 64;
const MEMBER = 24;
const KEY = 100;
const TEXT = 32;

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [OPENS_LIST, CLOSES_LIST, OPENS_OBJECT, CLOSES_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

export interface JsonMeasure {
  /** Bytes of heap, an upper estimate; the text itself included. */
  heapBytes: number;
  /** Lists and objects within one another. */
  depth: number;
}

/** @param json bytes that need not be well-formed */
export function measureJson(json: Uint8Array): JsonMeasure {
  let [members, keys, texts, containers, open, depth] = [0, 0, 0, 0, 0, 0];
  const { length } = json;
  for (let at = 0; at < length; at += 1) {
    switch (json[at]) {
      case QUOTE:
        texts += 1;
        for (at += 1; at < length && json[at] !== QUOTE; at += 1) if (json[at] === BACKSLASH) at += 1;
        break;
      case COMMA:
        members += 1;
        break;
      case COLON:
        keys += 1;
        break;
      case OPENS_LIST:
      case OPENS_OBJECT:
        containers += 1;
        open += 1;
        if (open > depth) depth = open;
        break;
      case CLOSES_LIST:
      case CLOSES_OBJECT:
        open -= 1;
        break;
      default:
        break;
    }
  }
  return { heapBytes: length + members * MEMBER + keys * KEY + texts * TEXT + containers * LIST_OR_OBJECT, depth };
}
