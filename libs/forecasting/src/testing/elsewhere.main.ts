/** The other process of `elsewhere.ts`: a request on standard input, forecasts on standard output. */
import { text } from 'node:stream/consumers';
import { loadForecaster } from '../kinds/registry.js';
import { decode, encode, type ElsewhereRequest } from './elsewhere.js';

const { checkpoint, panel, options } = decode(await text(process.stdin)) as ElsewhereRequest;
const forecaster = loadForecaster(checkpoint);
process.stdout.write(encode(await forecaster.predict(panel, options)));
forecaster.dispose();
