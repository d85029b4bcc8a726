/** A request of each kind as somebody would send it; a test reads each by the schema of its endpoint. */
import { type EndpointName } from '@almanac/contracts';

export const EXAMPLES: Partial<Record<EndpointName, unknown>> = {
  train: { dataset: 'sales', model: 'sales', horizon: 28 },
  search: { dataset: 'sales', kind: 'segment', space: { hidden: [32, 64] }, budgetMinutes: 30 },
  learn: { model: 'sales' },
  forecast: { model: 'models:/sales@champion', horizon: 28 },
  predict: {
    series: [{ uniqueId: 'shop', ds: ['2024-01-01', '2024-02-01', '2024-03-01', '2024-04-01'], y: [3, 5, 4, 6] }],
    horizon: 3,
    level: [80, 95],
  },
  whatIf: { model: 'sales', uniqueIds: ['shop'], changes: [{ covariate: 'price', multiply: 0.9 }] },
  firstLook: { uniqueIds: ['shop'], horizon: 28 },
  explainForecast: { runId: '01a22ea0-12ec-7000-815d-8bc8e6a8d3f2', uniqueIds: ['shop'] },
  createOverride: { uniqueId: 'shop', from: '2024-03-01T00:00:00Z', to: '2024-03-03T00:00:00Z', percent: 20, reason: 'a fair in town' },
  forecastTotals: { model: 'sales', level: [80] },
  backtest: { dataset: 'sales', models: [{ kind: 'auto' }], horizon: 28, windows: 4 },
  monitor: { model: 'sales' },
  createSchedule: {
    name: 'nightly',
    cron: '0 5 * * *',
    timeZone: 'Europe/Berlin',
    action: { kind: 'forecast', request: { model: 'sales' } },
  },
  createSource: {
    name: 'orders',
    from: {
      kind: 'postgres',
      url: 'postgres://reader@db.example.org/shop',
      query: 'SELECT shop, day, sum(sold) AS sold FROM orders GROUP BY shop, day',
      watermark: 'day',
    },
    secret: 'the password of reader',
    options: { dataset: 'sales', idColumn: 'shop', timeColumn: 'day', valueColumn: 'sold' },
  },
  pullSource: {},
  createWebhook: { url: 'https://example.org/almanac', events: ['run.failed', 'alert.raised'] },
  createApiKey: { name: 'importer', scopes: ['write'] },
  createWorkspace: { name: 'north' },
  createInvitation: { email: 'ada@example.org', role: 'editor' },
  signIn: { email: 'ada@example.org', password: 'correct horse battery staple' },
  nixtlaForecast: { series: { y: [3, 5, 4, 6, 5, 7], sizes: [6], start_datetime: ['2024-01-01'] }, model: 'auto', freq: 'D', h: 2 },
};
