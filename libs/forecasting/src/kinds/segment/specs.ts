/** The tensors of the segment network: names, shapes and how each begins. Without TensorFlow.js, so that planning can count them. */
import { anchorIndex } from '../../levels.js';
import { normalQuantile } from '../../normal.js';
import type { SegmentConfig } from './config.js';
import type { Sizes } from './windows.js';
import { parametricHead } from '../../heads/head.js';
import type { ParameterSpec } from '../../training/parameters.js';

const zeros = { kind: 'values', of: () => 0 } as const;
const glorot = { kind: 'glorot' } as const;

/** @param rows series that the network knows, and one for strangers */
export function parameterSpecs(config: SegmentConfig, sizes: Sizes, rows: number): ParameterSpec[] {
  const D = config.hidden;
  const { contextSegments: n, horizonSegments: m, segmentLength: w, seasons: K } = sizes;
  const anchor = anchorIndex(config.levels);
  const z = config.levels.map(normalQuantile);
  const increments = z.flatMap((_, i) => (i === anchor ? [] : [Math.abs(z[i]! - z[i < anchor ? i + 1 : i - 1]!)]));
  const Q1 = increments.length;
  const weight = (name: string, rows: number, columns: number): ParameterSpec => ({
    name,
    shape: [rows, columns],
    init: glorot,
    decay: true,
  });
  const bias = (name: string, size: number, of: (i: number) => number = () => 0): ParameterSpec => ({
    name,
    shape: [size],
    init: { kind: 'values', of },
    decay: false,
  });
  const recurrent = (name: string): ParameterSpec[] => {
    const gates = gateCount(config);
    const kernels: ParameterSpec[] = [
      weight(`${name}.wx`, D, gates * D),
      { name: `${name}.wh`, shape: [D, gates * D], init: { kind: 'orthogonal' }, decay: true },
    ];
    if (config.cell === 'gru') return [...kernels, bias(`${name}.b`, gates * D), bias(`${name}.bu`, gates * D)];
    // The forget gate starts open (Jozefowicz et al. 2015).
    return [...kernels, bias(`${name}.b`, gates * D, (i) => (i >= D && i < 2 * D ? 1 : 0))];
  };
  const specs: ParameterSpec[] = [
    weight('embed.w', sizes.inputs, D),
    bias('embed.b', D),
    ...recurrent('encoder'),
    weight('query.w', sizes.queries, D),
    bias('query.b', D),
    ...recurrent('decoder'),
    weight('contextual.q', D, D),
    { name: 'contextual.lag', shape: [m, n], init: zeros, decay: false },
    weight('mix.state', D, D),
    weight('mix.context', D, D),
    bias('mix.b', D),
    { name: 'median.w', shape: [D, w], init: zeros, decay: true },
    bias('median.b', w),
  ];
  const head = parametricHead(config.head);
  if (head) {
    specs.push(
      { name: 'spread.w', shape: [D, w * head.extras], init: zeros, decay: true },
      bias('spread.b', w * head.extras, (i) => head.start[i % head.extras]!),
    );
  } else if (Q1 > 0) {
    // A normal spread of about 0.4 scales to begin with.
    specs.push(
      { name: 'spread.w', shape: [D, w * Q1], init: zeros, decay: true },
      bias('spread.b', w * Q1, (i) => inverseSoftplus(0.4 * increments[i % Q1]!)),
    );
  }
  if (K > 0) {
    const longer = config.seasonLengths.filter((length) => length % config.temporalSeason === 0 && length > config.temporalSeason);
    // Recent seasons first, and above them those that close a longer season (the same day of last week).
    const prior = (i: number): number => {
      const lag = ((i % K) + 1) * config.temporalSeason;
      return -0.05 * (i % K) + (longer.some((length) => lag % length === 0) ? 1 : 0);
    };
    specs.push({ name: 'temporal.w', shape: [D, w * K], init: zeros, decay: true }, bias('temporal.b', w * K, prior));
    specs.push(
      { name: 'gate.w', shape: [D, w], init: zeros, decay: true },
      bias('gate.b', w, () => (config.cycle > 0 ? -2 : 2)),
    );
  }
  if (config.embedding > 0) {
    specs.push(
      { name: 'series.embedding', shape: [rows, config.embedding], init: zeros, decay: false },
      weight('series.w', config.embedding, D),
    );
  }
  if (config.covariateEffects && config.covariates.future.length > 0)
    specs.push({ name: 'covariates.effect', shape: [config.covariates.future.length, 1], init: zeros, decay: false });
  if (config.cycle > 0) specs.push({ name: 'series.cycle', shape: [rows, config.cycle], init: zeros, decay: false });
  return specs;
}

/** Gates of the recurrent layers, each as wide as the state. */
export function gateCount({ cell }: Pick<SegmentConfig, 'cell'>): number {
  return cell === 'gru' ? 3 : 4;
}

function inverseSoftplus(y: number): number {
  return Math.log(Math.expm1(y));
}
