/** The tensors of the pretrained network: names, shapes and how each begins. Without TensorFlow.js, so that planning can count them. */
import { anchorIndex } from '../../levels.js';
import { normalQuantile } from '../../normal.js';
import type { ParameterSpec } from '../../training/parameters.js';
import {
  CANDIDATES,
  COARSE_INPUTS,
  CONTEXT_SEGMENTS,
  HORIZON_SEGMENTS,
  LEVELS,
  QUERY_INPUTS,
  SEGMENT,
  SEGMENT_INPUTS,
  STEP_INPUTS,
  STEP_WIDTH as P,
  WIDTH as D,
} from './shape.js';

const zeros = { kind: 'values', of: () => 0 } as const;
/** A forecast begins as a mix of the candidates; mean absolute errors are so many deviations of a normal. */
const FIRST_SPREAD = 1.25;
/** The gate begins open. */
const OPEN = 4;

const weight = (name: string, rows: number, columns: number): ParameterSpec => ({
  name,
  shape: [rows, columns],
  init: { kind: 'glorot' },
  decay: true,
});

const bias = (name: string, size: number, of: (i: number) => number = () => 0): ParameterSpec => ({
  name,
  shape: [size],
  init: { kind: 'values', of },
  decay: false,
});

const nothing = (name: string, rows: number, columns: number): ParameterSpec => ({
  name,
  shape: [rows, columns],
  init: zeros,
  decay: true,
});

const recurrent = (name: string): ParameterSpec[] => [
  weight(`${name}.wx`, D, 3 * D),
  { name: `${name}.wh`, shape: [D, 3 * D], init: { kind: 'orthogonal' }, decay: true },
  bias(`${name}.b`, 3 * D),
  bias(`${name}.bu`, 3 * D),
];

export function parameterSpecs(): ParameterSpec[] {
  const anchor = anchorIndex(LEVELS);
  const z = LEVELS.map(normalQuantile);
  const increments = z.flatMap((_, i) => (i === anchor ? [] : [Math.abs(z[i]! - z[i < anchor ? i + 1 : i - 1]!)]));
  return [
    weight('embed.w', SEGMENT_INPUTS, D),
    bias('embed.b', D),
    weight('coarse.w', COARSE_INPUTS, D),
    bias('coarse.b', D),
    ...recurrent('encoder.1'),
    ...recurrent('encoder.2'),
    weight('query.w', QUERY_INPUTS, D),
    bias('query.b', D),
    ...recurrent('decoder'),
    weight('contextual.q', D, D),
    { name: 'contextual.lag', shape: [HORIZON_SEGMENTS, CONTEXT_SEGMENTS], init: zeros, decay: false },
    weight('mix.state', D, D),
    weight('mix.context', D, D),
    bias('mix.b', D),
    weight('step.state', D, SEGMENT * P),
    weight('step.w', STEP_INPUTS, P),
    bias('step.b', P),
    weight('deep.w', P, P),
    bias('deep.b', P),
    nothing('temporal.w', P, CANDIDATES),
    bias('temporal.b', CANDIDATES),
    nothing('gate.w', P, 1),
    bias('gate.b', 1, () => OPEN),
    nothing('centre.w', P, 1),
    bias('centre.b', 1),
    nothing('spread.w', P, increments.length),
    bias('spread.b', increments.length, (i) => Math.log(Math.expm1(FIRST_SPREAD * increments[i]!))),
  ];
}
