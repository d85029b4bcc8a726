/** The decoders by their names. Loads no TensorFlow.js, so that settings can be checked without it. */
export const DECODER_KINDS = ['parallel', 'recursive', 'forking'] as const;
export type DecoderKind = (typeof DECODER_KINDS)[number];
