/**
 * `npm test`: every test that this machine can run. Tests that need Redis, Chromium, the reference data or the
 * TensorFlow binding skip where these are absent, and the skips are listed by name at the end. With CI set, a skip is a
 * failure, except of the optional TensorFlow engine.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workspaceRoot } from './programs.js';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[];
}

const MAY_SKIP = /tensorflow/i;

const folder = mkdtempSync(join(tmpdir(), 'almanac-test-'));
const reportFile = join(folder, 'report.json');
const vitest = join(workspaceRoot, 'node_modules/vitest/vitest.mjs');
const result = spawnSync(
  process.execPath,
  [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...process.argv.slice(2)],
  {
    cwd: workspaceRoot,
    stdio: 'inherit',
  },
);

let failedBySkip = false;
try {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  const skipped = report.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => test.status !== 'passed' && test.status !== 'failed').map((test) => test.fullName.trim()),
  );
  if (skipped.length > 0) {
    console.log(`\nNot run on this machine (${skipped.length}):`);
    for (const name of skipped) console.log(`  - ${name}`);
  }
  const forbidden = skipped.filter((name) => !MAY_SKIP.test(name));
  if (process.env['CI'] && forbidden.length > 0) {
    console.error(`\nWith CI set every test must run; ${forbidden.length} did not.`);
    failedBySkip = true;
  }
  console.log(`\n${report.numPassedTests} passed, ${report.numFailedTests} failed, ${skipped.length} skipped`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(result.status === 0 && !failedBySkip ? 0 : 1);
