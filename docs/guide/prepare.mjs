/**
 * Makes of a fresh sample what a house in use has, for the pictures: forecasts of the past that were scored, a challenger, a
 * backtest, schedules, and a dataset with a future covariate. What is there already stays. Everything is made of the sample.
 */
const DAY = 86_400_000;

export async function prepare({ ask, post, upload, done, model }) {
  const { dataset, name } = model;
  const { end } = await ask(`/v1/datasets/${dataset}`);
  const has = async (kind) => (await ask(`/v1/runs?kind=${kind}&status=succeeded&limit=1`)).items.length > 0;
  const stored = (await ask(`/v1/datasets/${dataset}/series/ATL/forecasts?limit=10`)).items;
  if (stored.length < 10) {
    for (let days = 10; days >= 2; days--)
      await done(await post('/v1/forecasts', { model: name, cutoff: new Date(Date.parse(end) - days * DAY).toISOString() }));
  }
  if (!(await has('monitor'))) await done(await post('/v1/monitor', { model: name }));
  if ((await ask(`/v1/models/${name}/versions`)).items.length < 2)
    await done(await post('/v1/train', { dataset, model: name, steps: 300, seed: 2, gate: true, holdout: 192 }));
  if (!(await has('backtest')))
    await done(await post('/v1/backtests', { dataset, models: [{ kind: 'segment' }, { kind: 'theta' }], windows: 3, steps: 150 }));
  if (!(await has('search')))
    await done(
      await post('/v1/searches', {
        dataset,
        kind: 'segment',
        model: `${dataset}-found`,
        config: { hidden: 16 },
        space: { hidden: [8, 16], segmentLength: [24, 48] },
        windows: 1,
        trials: 4,
        steps: 60,
      }),
    );
  const schedules = new Set((await ask('/v1/schedules')).items.map((one) => one.name));
  for (const schedule of [
    { name: 'watch', cron: '15 */6 * * *', timeZone: 'UTC', action: { kind: 'monitor', request: { model: name } } },
    {
      name: 'weekly-training',
      cron: '30 1 * * 1',
      timeZone: 'America/New_York',
      action: { kind: 'train', request: { dataset, gate: true } },
    },
  ])
    if (!schedules.has(schedule.name)) await post('/v1/schedules', schedule);
  if (!(await ask('/v1/datasets')).items.some((one) => one.name === 'holiday-flights')) {
    await done({ id: (await upload('holiday-flights.csv', await dailyWithHolidays(ask, dataset), { futureCovariates: 'holiday' })).runId });
    await done(await post('/v1/train', { dataset: 'holiday-flights', horizon: 14, steps: 300 }));
    await done(await post('/v1/forecasts', { model: 'holiday-flights-auto' }));
  }
}

/** Departures a day of some airports beside the public holidays of the country, which are known two weeks beyond the end. */
async function dailyWithHolidays(ask, dataset) {
  const holidays = new Set((await ask(`/v1/datasets/${dataset}/holidays?country=US`)).items.map(({ start }) => start.slice(0, 10)));
  const lines = ['unique_id,ds,y,holiday'];
  for (const airport of ['ATL', 'BOS', 'DEN', 'DFW', 'LAX', 'ORD', 'PHX', 'SEA']) {
    const { ds, y } = await ask(`/v1/datasets/${dataset}/series/${airport}/observations?maxPoints=100000`);
    const days = new Map();
    ds.forEach((at, index) => days.set(at.slice(0, 10), (days.get(at.slice(0, 10)) ?? 0) + (y[index] ?? 0)));
    const last = Date.parse([...days.keys()].at(-1));
    for (let ahead = 1; ahead <= 14; ahead++) days.set(new Date(last + ahead * DAY).toISOString().slice(0, 10), '');
    for (const [day, departures] of days) lines.push(`${airport},${day},${departures},${holidays.has(day) ? 1 : 0}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The last week of two airports, as a file that somebody might have. */
export async function someFile(ask, dataset) {
  const lines = ['airport,hour,departures'];
  for (const airport of ['ATL', 'ORD']) {
    const { ds, y } = await ask(`/v1/datasets/${dataset}/series/${airport}/observations?maxPoints=100000`);
    ds.slice(-168).forEach((at, index) => lines.push(`${airport},${at.slice(0, 16).replace('T', ' ')},${y.at(index - 168) ?? ''}`));
  }
  return `${lines.join('\n')}\n`;
}
