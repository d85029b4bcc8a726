/**
 * What an operator does at the machine itself:
 * - `almanac admin reset-key [--workspace NAME] [--revoke-others]`: a new admin key for whoever has lost theirs;
 * - `almanac admin sql-user NAME [--workspace NAME] [--drop]`: a login that reads the views of one workspace by SQL.
 * - `almanac admin user EMAIL [--name NAME] [--role ROLE] [--workspace NAME]`: a user, or a new password for one.
 *
 * It asks no key, for it needs more: the database itself, by DATABASE_URL or in the data folder (ALMANAC_HOME), whether
 * Almanac runs or not. The key goes to stdout, and into the `connection.json` of the data folder where there is one.
 */
import { email, type Role, role as roles } from '@almanac/contracts';
import { explainError } from '@almanac/contracts/problem';
import { type Config, loadConfig, withLocalDatabase } from '@almanac/platform';
import { dropDatabaseUser, makeDatabaseUser, openStore } from '@almanac/store';
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { newKey } from './http/newKey.js';
import { hashPassword } from './people/password.js';

const USAGE =
  'almanac admin reset-key [--workspace NAME] [--revoke-others] | almanac admin sql-user NAME [--workspace NAME] [--drop]' +
  ' | almanac admin user EMAIL [--name NAME] [--role viewer|editor|admin] [--workspace NAME]';
/** Of one page; an installation with more admin keys runs the command twice. */
const MOST_KEYS = 1000;
const LETTERS = '23456789abcdefghjkmnpqrstuvwxyz';

async function resetKey(databaseUrl: string, workspace: string, revokeOthers: boolean): Promise<{ key: string; revoked: number }> {
  const store = await openStore({ databaseUrl, workspace });
  const { username } = userInfo();
  const acting = store.by({ actor: { kind: 'operator', id: username, name: username }, action: 'admin reset-key' });
  try {
    return await acting.transaction(async (within) => {
      const { id, key } = await newKey(within, 'admin', ['admin']);
      const { items } = await within.apiKeys.list({ limit: MOST_KEYS });
      const others = revokeOthers ? items.filter((one) => one.id !== id && one.scopes.includes('admin')) : [];
      for (const other of others) await within.apiKeys.revoke(other.id);
      return { key, revoked: others.length };
    });
  } finally {
    await store.close();
  }
}

async function sqlUser(config: Config, name: string, workspace: string, drop: boolean): Promise<void> {
  if (drop) {
    await withLocalDatabase(config, (url) => dropDatabaseUser(url, name));
    process.stderr.write(`The SQL user "${name}" is gone.\n`);
    return;
  }
  const address = await withLocalDatabase(config, async (url) => {
    const login = new URL(url);
    login.password = await makeDatabaseUser(url, name, workspace);
    login.username = name;
    return login.href;
  });
  process.stdout.write(`${address}\n`);
  process.stderr.write(
    `The SQL user "${name}" reads observation and forecast_value of the workspace "${workspace}", and nothing else; the password is shown only now.\n`,
  );
}

/** Of a new user the role is admin unless another is given; of a known one the role stays unless one is. The sessions end. */
async function user(databaseUrl: string, given: { email: string; name?: string; role?: Role; workspace: string }): Promise<string> {
  const address = email.safeParse(given.email);
  if (!address.success) throw new Error(`"${given.email}" is no e-mail address.`);
  const store = await openStore({ databaseUrl, workspace: given.workspace });
  const { username } = userInfo();
  const acting = store.by({ actor: { kind: 'operator', id: username, name: username }, action: 'admin user' });
  try {
    // 100 bits, in letters and digits that are read out without doubt.
    const password = Array.from({ length: 4 }, () => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('')).join(
      '-',
    );
    const passwordHash = await hashPassword(password);
    await acting.transaction(async (within) => {
      const known = await within.users.findByEmail(address.data);
      const { id } = known ?? (await within.users.create({ email: address.data, name: given.name ?? address.data, passwordHash }));
      if (known) await within.users.setPassword(id, passwordHash);
      const isMember = (await within.users.memberships(id)).some(({ workspaceId }) => workspaceId === store.workspaceId);
      if (isMember && given.role) await within.members.change(id, given.role);
      if (!isMember) await within.members.put(id, given.role ?? 'admin');
      await within.audit.record({ object: { kind: 'user', id, name: address.data }, after: { password: 'new' } });
    });
    return password;
  } finally {
    await store.close();
  }
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      workspace: { type: 'string', default: 'default' },
      'revoke-others': { type: 'boolean', default: false },
      drop: { type: 'boolean', default: false },
      name: { type: 'string' },
      role: { type: 'string' },
    },
  });
  const config = loadConfig();
  const [command, name, ...rest] = positionals;
  if (command === 'sql-user' && name !== undefined && rest.length === 0) return sqlUser(config, name, values.workspace, values.drop);
  if (command === 'user' && name !== undefined && rest.length === 0) {
    const role = values.role === undefined ? undefined : roles.safeParse(values.role);
    if (role && !role.success) throw new Error(`"${values.role}" is no role; they are ${roles.options.join(', ')}.`);
    const { workspace, name: called } = values;
    const given = { email: name, workspace, ...(called !== undefined && { name: called }), ...(role && { role: role.data }) };
    process.stdout.write(`${await withLocalDatabase(config, (url) => user(url, given))}\n`);
    process.stderr.write(`The password of ${name}; it is shown only now, and whoever was signed in by that name no longer is.\n`);
    return;
  }
  if (command !== 'reset-key' || name !== undefined) throw new Error(`Use: ${USAGE}`);
  const { key, revoked } = await withLocalDatabase(config, (url) => resetKey(url, values.workspace, values['revoke-others']));
  process.stdout.write(`${key}\n`);
  const said = [`A new admin key of the workspace "${values.workspace}"; it is shown only now.`];
  if (values['revoke-others']) said.push(`Admin keys revoked: ${revoked}; running programs forget them within seconds.`);
  const file = join(config.home, 'connection.json');
  if (values.workspace === 'default' && existsSync(file)) {
    const connection = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, `${JSON.stringify({ ...connection, apiKey: key }, null, 2)}\n`, { mode: 0o600 });
    said.push(`It is kept in ${file}.`);
  }
  process.stderr.write(`${said.join('\n')}\n`);
}

try {
  await run();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${explainError(error)}\n`);
  process.exit(1);
}
