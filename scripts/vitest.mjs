// Runs vitest, and counts by its own report what passed, failed and was skipped. Its output goes to stderr.
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './install.mjs';

/**
 * @param {readonly string[]} words for vitest
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runVitest(words) {
  const report = join(tmpdir(), `weir-tests-${process.pid}.json`);
  const code = await run(process.execPath, [
    `${root}/node_modules/vitest/vitest.mjs`,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...words,
  ]);
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      await readFile(report, 'utf8'),
    );
    const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
    const failed = numFailedTests + broken;
    const skipped = numPendingTests + numTodoTests;
    return { passed: numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }; // it ended before it could report: its own output says why
  } finally {
    await rm(report, { force: true });
  }
}
