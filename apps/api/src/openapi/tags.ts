/** Groups of the reference, in the order of the way through the house; an operation has the tag of its path. */
const TAGS: readonly [name: string, description: string, parts: readonly string[]][] = [
  ['Datasets', 'Upload series, append observations, look at what is there.', ['uploads', 'datasets']],
  ['Sources', 'Where datasets get their rows from by themselves.', ['sources']],
  ['Training', 'Train models, search for their settings, or let them go on learning.', ['train', 'searches', 'learn', 'model-kinds']],
  ['Models', 'The registry: versions, aliases, export and import.', ['models']],
  ['Forecasts', 'Forecast, read and export forecasts, or forecast without storing anything.', ['forecast', 'forecasts', 'predictions']],
  ['Backtests', 'How good forecasts would have been.', ['backtests']],
  ['Monitoring', 'How good forecasts have been, drift and anomalies.', ['monitor']],
  ['Schedules', 'What is done again and again.', ['schedules']],
  ['Runs', 'Anything that takes longer than a request: to list, follow, cancel.', ['runs']],
  ['Webhooks', 'Messages when something has happened.', ['webhooks']],
  ['People', 'Sign-in, members of a workspace, invitations.', ['account', 'session', 'users', 'members', 'invitations']],
  [
    'Administration',
    'Workspaces, keys, quotas, retention, the audit log, deletion.',
    ['workspaces', 'api-keys', 'quotas', 'retention', 'audit', 'audit.csv', 'audit.ndjson', 'erasures'],
  ],
  [
    'System',
    'Health, this description, workers, and what is due or wrong.',
    ['livez', 'readyz', 'health', 'openapi.json', 'system', 'overview'],
  ],
  ['nixtla SDK', 'The wire of the Python SDK nixtla.', []],
];

export const tagList = TAGS.map(([name, description]) => ({ name, description }));

/** @throws Error for a path that no group has, so that a new one is put into one */
export function tagOf(path: string): string {
  const [, version, part = ''] = path.split('/');
  const name = version === 'v1' ? TAGS.find(([, , parts]) => parts.includes(part))?.[0] : 'nixtla SDK';
  if (name === undefined) throw new Error(`The path ${path} is in no group of the API's reference: add it to openapi/tags.ts.`);
  return name;
}
