// What the world of the tests holds against a sink, whatever comes out in the end.
import { expect, test } from 'vitest';
import { epoch, generation } from '../../src/core/index.ts';
import type { SinkContext, SinkWriter } from '../../src/operators/index.ts';
import { bytesOfRows, rowsOfBytes } from './row-bytes.ts';
import { World } from './world.ts';

const staged = (n: number): Uint8Array => bytesOfRows([n]);

test('an older generation that publishes behind a newer one, and an epoch that comes again with other rows, are noted', async () => {
  const world = new World();
  const sink = world.sink('s');
  const [older, newer] = [
    await sink.open({ generation: 1 } as SinkContext, []),
    await sink.open({ generation: 2 } as SinkContext, []),
  ];
  const commit = (by: SinkWriter, of: number, n: number) =>
    by.commit!({ epoch: epoch(of), generation: generation(1) }, staged(n));
  await commit(older, 1, 1);
  await commit(newer, 1, 1); // again, as it was
  await commit(newer, 2, 2);
  expect([world.rows('s'), world.violations]).toEqual([[1, 2], []]);
  await commit(older, 3, 3);
  await commit(newer, 2, 9);
  expect(world.violations).toEqual([
    's: generation 1 published epoch 3 behind generation 2',
    's: epoch 2 came again, with other rows',
  ]);
});

test('where checkpoints can be seen, an older generation may publish what exists, and nobody what does not', async () => {
  const world = new World();
  world.newestCheckpoint = () => 3;
  const sink = world.sink('s');
  const [older, newer] = [
    await sink.open({ generation: 1 } as SinkContext, []),
    await sink.open({ generation: 2 } as SinkContext, []),
  ];
  const commit = (by: SinkWriter, of: number) => by.commit!({ epoch: epoch(of), generation: generation(1) }, staged(of));
  await commit(newer, 2); // staged in an epoch that was given up, and published with the third
  await commit(older, 2);
  await commit(older, 3);
  expect([world.rows('s'), world.violations]).toEqual([[2, 3], []]);
  await commit(newer, 4);
  expect(world.violations).toEqual(['s: generation 2 published epoch 4, and the newest checkpoint is 3']);
});

test('rows keep every value on their way', () => {
  const rows = [
    { a: -0, b: 0, c: Number.NaN, d: Number.NEGATIVE_INFINITY, e: undefined, f: null, g: '\ud800x', h: Uint8Array.of(1, 2) },
    [1.5, [-0]],
    'x',
  ];
  const back = rowsOfBytes(bytesOfRows(rows));
  expect(back).toStrictEqual(rows);
  expect(Object.is((back[0] as { a: number }).a, -0)).toBe(true);
});
