/** The other process of `elsewhere.ts`: each message is a request, and is answered with forecasts. It ends with whoever asks. */
import { loadForecaster } from '../kinds/registry.js';
import { decode, type ElsewhereAnswer, type ElsewhereRequest, encode } from './elsewhere.js';

process.on('message', (message: string) => {
  void answer(decode(message) as ElsewhereRequest).then((said) => process.send!(said));
});

async function answer({ checkpoint, panel, options }: ElsewhereRequest): Promise<ElsewhereAnswer> {
  try {
    const forecaster = loadForecaster(checkpoint);
    const forecasts = encode(await forecaster.predict(panel, options));
    forecaster.dispose();
    return { forecasts };
  } catch (error) {
    return { failed: error instanceof Error ? error.stack! : String(error) };
  }
}
