import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** V8 takes options that it does not know without a word. */
test('V8 knows the options that are set while a program runs', () => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  const asked = ['heap-growth', 'compile-when-hot'].flatMap((name) => {
    const source = readFileSync(new URL(`../../src/service/${name}.ts`, import.meta.url), 'utf8');
    return [...source.matchAll(/setFlagsFromString\(`(--[a-z-]+)=/g)].map(([, option]) => option!);
  });
  expect(asked.toSorted()).toEqual(['--heap-growing-percent', '--interrupt-budget', '--max-inlined-bytecode-size-cumulative']);
  for (const option of asked) expect(known).toContain(`${option} (`);
});
