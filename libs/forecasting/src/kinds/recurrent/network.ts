/** From settings to the point-wise attention network with the encoder that they name. */
import { pointwiseNetwork } from '../../attention/pointwise.js';
import { delayedEncoder } from '../../encoders/delayed.js';
import { type Encoder } from '../../encoders/encoder.js';
import { gridEncoder } from '../../encoders/grid.js';
import { hierarchicalEncoder } from '../../encoders/hierarchical.js';
import { relatedEncoder } from '../../encoders/related.js';
import { stackedEncoder } from '../../encoders/stacked.js';
import { smoothedNetwork } from '../../seasonal/smoothing.js';
import { hasFamilies, type RecurrentConfig } from './config.js';
import type { PointwiseNetwork } from '../../attention/shapes.js';

/** @param rows series that the network knows, and one for strangers */
export function recurrentNetwork(config: RecurrentConfig, covariates: number, rows: number): PointwiseNetwork {
  const { contextLength, horizon, seasonLengths } = config;
  const network = pointwiseNetwork({
    name: 'net',
    contextLength: config.contextLength,
    horizon: config.horizon,
    hidden: config.hidden,
    covariates,
    branches: config.branches,
    periods: config.seasonLengths.filter((length) => length > 1 && length <= config.contextLength),
    periodStrength: 2,
    window: config.window,
    levels: config.levels,
    decoder: config.decoder,
    head: config.head,
    encoder: (name, inputs) => {
      const encoder = encoderOf(config, name, inputs);
      const delayed = config.delays.length > 0 ? delayedEncoder(encoder, name, config.delays) : encoder;
      return hasFamilies(config) ? relatedEncoder(delayed, name, config.hidden) : delayed;
    },
  });
  return config.smoothing ? smoothedNetwork(network, { contextLength, horizon, seasonLength: seasonLengths[0] ?? 1, rows }) : network;
}

function encoderOf(
  { encoder, cell, hidden, zoneout, seasonLengths, contextLength }: RecurrentConfig,
  name: string,
  inputs: number,
): Encoder {
  const base = { name, cell, inputs, hidden, ...(cell === 'slstm' ? {} : { zoneout }) };
  const season = Math.min(seasonLengths[0] ?? 4, contextLength);
  switch (encoder) {
    case 'plain':
      return stackedEncoder(base);
    case 'stacked':
      return stackedEncoder({ ...base, dilations: [[1], [1]] });
    case 'bidirectional':
      return stackedEncoder({ ...base, bidirectional: true });
    case 'dilated': {
      const longer = seasonLengths.filter((length) => length > 4 && length < contextLength);
      return stackedEncoder({ ...base, dilations: longer.length > 0 ? [[1, 4], longer] : [[1, 4]] });
    }
    case 'hierarchical':
      return hierarchicalEncoder({ name, cell, inputs, hidden, every: season });
    case 'grid':
      return gridEncoder({ name, cell, inputs, hidden, seasonLength: season });
  }
}
