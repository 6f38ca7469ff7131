import { describe, expect, test } from 'vitest';
import { compileTypes } from './compile.ts';

describe.each([
  ['TypeScript 7', 'typescript'],
  ['TypeScript 6', 'ts6'],
])('with %s', (_name, compiler) => {
  test('every fact of types/facts.ts is inferred, and every mistake of types/refused.ts is refused in its words', {
    timeout: 120_000,
  }, async () => {
    const { refusals, others } = await compileTypes(compiler);
    expect(others).toEqual([]);
    expect(refusals.length).toBeGreaterThanOrEqual(35);
    expect(refusals.filter(({ said, words }) => !said.includes(words))).toEqual([]);
  });
});
