import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ErrorCode, errorCodes, WeirError } from '../../src/core/index.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');

test('E1: docs/errors.md is the registry: every code, whose fault, whether it is tried again, exit code, what to do', () => {
  const rows = Object.entries(errorCodes).map(
    ([code, { domain, retry, exit, hint }]) => `| \`${code}\` | ${domain} | ${retry} | ${exit} | ${hint} |`,
  );
  expect(page.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
});

test('E2: the exit code follows from the code alone, whatever hint, cause or retry the thrower gave', () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const plain = new WeirError(code, 'x');
    const other = new WeirError(code, 'y', { hint: 'z', retry: 'never', cause: new WeirError('E_BROKER', 'b') });
    expect([plain.exitCode, other.exitCode]).toEqual([errorCodes[code].exit, errorCodes[code].exit]);
  }
});
