/** Covariates that are text and change over time: stored value by value, used, named, added to, and forecast with. */
import { expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('27-holes-in-future-covariates');
const DAY = 86_400_000;
const date = (t: number): string => new Date(Date.parse('2024-01-01') + t * DAY).toISOString().slice(0, 10);
/** What is sold follows the offer, which the days before tell nothing of. */
const OFFERS = ['none', 'two for one', 'none', 'half price', 'none', 'none', 'two for one', 'half price', 'none', 'none', 'none'];
const offer = (t: number): string => OFFERS[(t * t + 3 * t) % 11]!;
const sold = (t: number): number => ({ none: 100, 'two for one': 150, 'half price': 220 })[offer(t)]! + (t % 3);

it('a text that is known ahead is stored, used and given back', async () => {
  const rows = Array.from({ length: 127 }, (_, t) => `x,${date(t)},${t < 120 ? sold(t) : ''},${offer(t)}`);
  const content = ['unique_id,ds,y,offer', ...rows].join('\n');
  const dataset = 'texts';
  const findings = await trial.stored({ name: 'offers.csv', content }, { dataset, futureCovariates: ['offer'] });
  expect(findings).toMatchObject({ observations: 120, rowsRejected: 0 });
  expect(findings.warnings.join()).toMatch(/covariate "offer" is text: each of its 3 values .*"offer = none"/);
  const known = await trial.observations(dataset, 'x', 'offer = half price');
  expect(known.y).toEqual(Array.from({ length: 127 }, (_, t) => Number(offer(t) === 'half price')));
  const result = await trial.train({ dataset, model: dataset, kind: 'segment', horizon: 7, steps: 120 });
  expect((result as { covariates: { used: object[] } }).covariates.used).toEqual([{ name: 'offer', kind: 'future' }]);
  await trial.forecast({ model: dataset });
  const made = (await trial.exported({ model: dataset })).map((row) => Number(row[dataset]));
  const ahead = Array.from({ length: 7 }, (_, h) => sold(120 + h));
  const [dear, cheap] = [ahead.indexOf(Math.max(...ahead)), ahead.indexOf(Math.min(...ahead))];
  expect(made[dear]! - made[cheap]!).toBeGreaterThan(50);

  // Whoever sends the history sends words too, in the body and in a file: the same forecast.
  const history = Array.from({ length: 120 }, (_, t) => t);
  const words = Array.from({ length: 127 }, (_, t) => offer(t));
  const one = { ds: history.map(date), y: history.map(sold), futureCovariates: { offer: words } };
  const sent = await trial.post({ model: dataset, series: { x: one } });
  expect(sent.answer).toMatchObject({ warnings: [], notes: [] });
  (sent.answer!.columns[dataset] as number[]).forEach((value, h) => expect(value).toBeCloseTo(made[h]!, 3));
  const asFile = await trial.post({ model: dataset, futureCovariates: ['offer'] }, { name: 'offers.csv', content });
  expect(asFile.answer!.columns[dataset]).toEqual(sent.answer!.columns[dataset]);
  // A word that the model has not learned, a hole, and a word where numbers are.
  const raffle = { ...one, futureCovariates: { offer: [...words.slice(0, 126), 'raffle'] } };
  expect((await trial.post({ model: dataset, series: { x: raffle } })).answer!.notes).toMatchObject([
    {
      uniqueId: 'x',
      code: 'CATEGORY_UNKNOWN',
      detail: expect.stringMatching(/offer = raffle; .* without offer at one step of the horizon/),
    },
  ]);
  const hole = { ...one, futureCovariates: { offer: [...words.slice(0, 126), null] } };
  expect((await trial.post({ model: dataset, series: { x: hole } })).refusal).toMatchObject({
    code: 'COVARIATE_HOLE',
    words: expect.stringMatching(/"?offer"?(?! =).*2024-05-06/) as string,
  });
  const slip = { ...one, futureCovariates: { price: words.map((_, t) => (t === 5 ? 'free' : t)) } };
  expect((await trial.post({ model: 'seasonalNaive', horizon: 7, series: { x: slip } })).refusal).toMatchObject({
    code: 'COVARIATE_NOT_NUMBER',
    words: expect.stringContaining('"price" of the series "x" is "free" at position 5') as string,
  });

  // A row that is appended says it in words; a word that is not known is named.
  const row = { unique_id: 'x', ds: date(127), y: 101, offer: 'none' };
  const append = (rows: object[]): Promise<unknown> =>
    trial.client.call('appendObservations', { params: { dataset }, body: rows as never });
  expect(await append([row])).toMatchObject({ observations: 1, warnings: [] });
  expect(await append([{ ...row, ds: date(128), offer: 'raffle' }])).toMatchObject({
    warnings: [expect.stringMatching(/^"raffle" of "offer" is no value that the dataset has/)],
  });
  expect((await trial.observations(dataset, 'x', 'offer = none')).y.slice(-2)).toEqual([1, 0]);
  // A file adds a value, and what it does not say of the others is 0.
  const more = { name: 'more.csv', content: `unique_id,ds,y,offer\nx,${date(129)},180,raffle\nx,${date(130)},181,raffle\n` };
  await trial.stored(more, { dataset, futureCovariates: ['offer'] });
  expect((await trial.observations(dataset, 'x', 'offer = raffle')).y).toEqual([1, 1]);
  expect((await trial.observations(dataset, 'x', 'offer = none')).y.slice(-2)).toEqual([0, 0]);
});
