/**
 * Covariates as network inputs: standardised with the training panel, 0 where missing. Future covariates reach into the horizon,
 * past ones end at the cutoff, static ones are one number per series.
 *
 * Invariant: a past covariate is never read at or after the origin.
 */
import { AlmanacError } from '@almanac/series';
import type { SeriesData } from '../forecaster.js';

/** Names of the covariates that a model uses. */
export interface CovariateNames {
  static: string[];
  past: string[];
  future: string[];
}

/** Mean and deviation of each covariate over the training panel, in the order of the names. */
export interface CovariateScales {
  static: [mean: number, deviation: number][];
  past: [mean: number, deviation: number][];
  future: [mean: number, deviation: number][];
}

/** The covariates that every series of a panel has. */
export function covariatesOf(series: readonly SeriesData[]): CovariateNames {
  const shared = (of: (one: SeriesData) => object | undefined): string[] =>
    series.length === 0 ? [] : Object.keys(of(series[0]!) ?? {}).filter((name) => series.every((one) => name in (of(one) ?? {})));
  return {
    static: shared((one) => one.staticCovariates),
    past: shared((one) => one.pastCovariates),
    future: shared((one) => one.futureCovariates),
  };
}

export function covariateScales(series: readonly SeriesData[], names: CovariateNames): CovariateScales {
  return {
    static: names.static.map((name) => standard(series.map((one) => [value(one, name)]))),
    past: names.past.map((name) => standard(series.map((one) => channel(one, 'pastCovariates', name)))),
    future: names.future.map((name) => standard(series.map((one) => channel(one, 'futureCovariates', name)))),
  };
}

export class CovariateReader {
  constructor(
    private readonly names: CovariateNames,
    private readonly scales: CovariateScales,
    private readonly segmentLength: number,
  ) {}

  /** Numbers per context segment. */
  get contextSize(): number {
    return (this.names.past.length + this.names.future.length) * this.segmentLength;
  }

  /** Numbers per horizon segment. */
  get horizonSize(): number {
    return this.names.future.length * this.segmentLength + this.names.static.length;
  }

  /** A future covariate by its number, as networks see it: standardised, 0 where it is not known. */
  futureOf(series: SeriesData, number: number): (step: number) => number {
    const values = channel(series, 'futureCovariates', this.names.future[number]!);
    const [mean, deviation] = this.scales.future[number]!;
    return (step) => {
      const scaled = ((values[step] ?? Number.NaN) - mean) / deviation;
      return Number.isNaN(scaled) ? 0 : scaled;
    };
  }

  /** Segment of steps [from, from + w), all before the origin. */
  writeContext(series: SeriesData, from: number, out: Float32Array, at: number): void {
    this.names.past.forEach((name, i) => {
      this.write(channel(series, 'pastCovariates', name), from, this.scales.past[i]!, out, at);
      at += this.segmentLength;
    });
    this.writeFuture(series, from, out, at);
  }

  /** @throws COVARIATE_TOO_SHORT when a future covariate ends before the last of `steps` steps after `from` */
  writeHorizon(series: SeriesData, from: number, steps: number, out: Float32Array, at: number): void {
    for (const name of this.names.future) {
      const { length } = channel(series, 'futureCovariates', name);
      if (length < from + steps) throw covariateTooShort(series.id, name, from + steps - length);
    }
    this.writeFuture(series, from, out, at);
    at += this.names.future.length * this.segmentLength;
    this.names.static.forEach((name, i) => {
      const [mean, deviation] = this.scales.static[i]!;
      const scaled = (value(series, name) - mean) / deviation;
      out[at + i] = Number.isNaN(scaled) ? 0 : scaled;
    });
  }

  private writeFuture(series: SeriesData, from: number, out: Float32Array, at: number): void {
    this.names.future.forEach((name, i) =>
      this.write(channel(series, 'futureCovariates', name), from, this.scales.future[i]!, out, at + i * this.segmentLength),
    );
  }

  private write(values: Float64Array, from: number, [mean, deviation]: [number, number], out: Float32Array, at: number): void {
    for (let i = Math.max(0, -from); i < this.segmentLength && from + i < values.length; i++) {
      const scaled = (values[from + i]! - mean) / deviation;
      if (!Number.isNaN(scaled)) out[at + i] = scaled;
    }
  }
}

function value({ id, staticCovariates }: SeriesData, name: string): number {
  return staticCovariates?.[name] ?? missing(id, name);
}

function channel(series: SeriesData, kind: 'pastCovariates' | 'futureCovariates', name: string): Float64Array {
  return series[kind]?.[name] ?? missing(series.id, name);
}

/** @param by steps of the horizon without a value */
export function covariateTooShort(series: string, covariate: string, by: number): AlmanacError {
  return new AlmanacError(
    'COVARIATE_TOO_SHORT',
    `The future covariate ${covariate} of series ${series} ends ${by} ${by === 1 ? 'step' : 'steps'} before the horizon does.`,
    {
      hint: 'Give its values through the whole horizon.',
      subject: { series, covariate },
    },
  );
}

function missing(series: string, covariate: string): never {
  throw new AlmanacError('COVARIATE_MISSING', `Series ${series} has no covariate ${covariate}, which the model uses.`, {
    hint: 'Give it for every series, or train a model without it.',
    subject: { series, covariate },
  });
}

/** Mean and deviation of the observed numbers; a deviation of 1 where they do not differ. */
export function standard(channels: Iterable<Iterable<number>>): [number, number] {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const values of channels)
    for (const one of values) {
      if (Number.isNaN(one)) continue;
      count++;
      const apart = one - mean;
      mean += apart / count;
      squares += apart * (one - mean);
    }
  const deviation = Math.sqrt(squares / Math.max(1, count));
  return [mean, deviation > 0 ? deviation : 1];
}
