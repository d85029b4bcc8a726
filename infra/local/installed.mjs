/**
 * Are the packages of the lock file the ones that are installed? Plain JavaScript without dependencies, for it runs before
 * anything is installed.
 *
 * npm writes down in `node_modules/.package-lock.json`, last of all, what it has installed. So it does not matter who
 * installed (`npm ci`, `npm install`, `npm start`), and an installation that was interrupted does not count.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Optional packages may be absent: those for other machines are. An `npm ci --omit=dev` is no full installation.
 * @param {string} root folder of the lock file
 * @returns {boolean}
 */
export function isInstalled(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const found = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !found) return false;
  const isThere = ([place, { version, integrity, link, optional, devOptional }]) => {
    const installed = found[place];
    if (!installed) return optional === true || devOptional === true;
    // A lock file may leave out what is known from elsewhere; what both say must agree.
    const agrees = integrity === undefined || installed.integrity === undefined || integrity === installed.integrity;
    return installed.version === version && installed.link === link && agrees;
  };
  return (
    Object.entries(wanted)
      .filter(([place]) => place.startsWith('node_modules/') || place.includes('/node_modules/'))
      .every(isThere) && Object.keys(found).every((place) => place in wanted)
  );
}
