/**
 * Gaussian processes with random kernels (KernelSynth: Ansari et al. 2024). Instead of factorising a covariance matrix, which is cubic in
 * the length, a path is drawn as a sum of random waves: kernel by kernel, a wave's frequency is drawn from the spectral density, and the
 * product of two kernels adds the frequencies of both (random Fourier features: Rahimi & Recht 2007).
 */
import type { Draws } from './draws.js';

/** Draws a frequency, in radians a step. */
type Spectrum = (draws: Draws) => number;

const WAVES = 24;
/** Waves turn by a complex factor; they are set anew after so many steps, so that rounding does not add up. */
const RENEW = 512;

function spectrum(draws: Draws, T: number, season: number): Spectrum {
  const kind = draws.weighted([
    ['squared', 30],
    ['rough', 15],
    ['rational', 15],
    ['periodic', 40],
  ] as const);
  if (kind === 'periodic') {
    const period = season > 1 && draws.chance(0.8) ? season : draws.spread(3, Math.max(6, T / 2));
    // Weights of the harmonics fall as a power, as the Bessel functions of a short length scale do.
    const decay = draws.uniform(0.2, 0.7);
    return (own) => {
      let k = 1;
      while (own.chance(decay) && 2 * (k + 1) <= period) k++;
      return ((2 * Math.PI) / period) * k * (own.chance(0.5) ? 1 : -1);
    };
  }
  const length = draws.spread(2, T);
  if (kind === 'squared') return (own) => own.normal() / length;
  if (kind === 'rough') return (own) => Math.max(-3, Math.min(3, own.normal() / (Math.abs(own.normal()) + 0.05) / length));
  const alpha = draws.of([0.5, 1, 3]);
  return (own) => (own.normal() / length) * Math.sqrt(own.gamma(alpha));
}

/** A path of a random composition of kernels, about deviation 1. */
export function addKernels(draws: Draws, out: Float64Array, season: number): void {
  const T = out.length;
  for (let terms = draws.whole(1, 3); terms > 0; terms--) {
    const factors = Array.from({ length: draws.chance(0.35) ? 2 : 1 }, () => spectrum(draws, T, season));
    const size = draws.uniform(0.3, 1) * Math.sqrt(2 / WAVES);
    for (let wave = 0; wave < WAVES; wave++) {
      const frequency = factors.reduce((sum, factor) => sum + factor(draws), 0);
      addWave(out, frequency, draws.uniform(0, 2 * Math.PI), size);
    }
  }
  if (draws.chance(0.4)) {
    const slope = draws.normal() / T;
    for (let t = 0; t < T; t++) out[t]! += slope * t;
  }
  const noise = draws.spread(0.01, 0.5);
  for (let t = 0; t < T; t++) out[t]! += noise * draws.normal();
}

function addWave(out: Float64Array, frequency: number, phase: number, size: number): void {
  const [cos, sin] = [Math.cos(frequency), Math.sin(frequency)];
  for (let from = 0; from < out.length; from += RENEW) {
    const angle = frequency * from + phase;
    let [a, b] = [size * Math.cos(angle), size * Math.sin(angle)];
    for (let t = from; t < Math.min(from + RENEW, out.length); t++) {
      out[t]! += a;
      const next = a * cos - b * sin;
      b = a * sin + b * cos;
      a = next;
    }
  }
}
