// A slice of npm run test:bounded, and that its list is complete.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aggregateOperator } from '../../src/operators/index.ts';
import { aggregateNode } from '../operators/operator-fixture.ts';
import { growth, held } from './measure.ts';
import { boundedOperators } from './operators.ts';

const all = Object.entries(boundedOperators).flatMap(([file, operators]) =>
  Object.entries(operators).map(([name, operator]) => [`${file}: ${name}`, operator] as const),
);

describe('the state of an operator under a watermark', () => {
  test.each(all)('is bounded: %s', async (_, operator) => {
    const found = await held(operator, [5000, 20_000]);
    expect(found.map(({ entries }) => entries > 0)).toEqual([true, true]);
    expect(growth(found)).toBeLessThanOrEqual(1.1);
  });

  test('would be seen to grow', async () => {
    const leaking = {
      make: () => aggregateOperator(aggregateNode(), [{ port: 'update', mode: 'update', everyMs: 0 }]),
      key: (n: number) => `key ${n}`,
    };
    expect(growth(await held(leaking, [5000, 20_000]))).toBeGreaterThan(3.9);
  });
});

test('every operator that opens a table is in the list', () => {
  const folder = join(import.meta.dirname, '../../src/operators');
  const stateful = (readdirSync(folder, { recursive: true }) as string[])
    .filter(
      (name) =>
        name.endsWith('-operator.ts') &&
        /context\.(?:table|log)|(?:-state|-memory|kept-rows|counted-rows|timers|process-calls)\.ts/.test(
          readFileSync(join(folder, name), 'utf8'),
        ),
    )
    .map((name) => name.replace('.ts', ''))
    .filter((name) => name !== 'sink-operator'); // it holds an epoch
  expect(stateful.filter((name) => !(name in boundedOperators))).toEqual([]);
  expect(stateful.length).toBeGreaterThanOrEqual(8);
});
