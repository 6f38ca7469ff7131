// The checker of chaos/faults.mjs, held against streams with planted mistakes.
import { headers } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { beforeEach, expect, test } from 'vitest';
import { check } from '../../chaos/faults/check.mjs';
import { withServer } from '../nats/server.ts';

const nats = withServer({ per: 'test' });

interface Written {
  readonly row: object | null;
  readonly generation?: number;
}
const first = { key: 'a', place: 1, total: 5 };
const second = { key: 'a', place: 2, total: 7 };
const end = { key: 'end', place: 1, total: 0 };
const others = [{ key: 'end-1', place: 1, total: 0 }];
const window = { key: 'a', start: 0, rows: 2, sum: 7 };

beforeEach(async ({ skip }) => {
  if (nats.connection === undefined) skip('there is no server');
  const manager = await jetstreamManager(nats.connection);
  for (const subject of ['in.*', 'running.>', 'seconds.>'])
    await manager.streams.add({ name: subject.split('.')[0]!.toUpperCase(), subjects: [subject] });
  const readings = [
    ['in.0', { key: 'a', n: 5, at: 100 }],
    ['in.0', { key: 'a', n: 2, at: 50 }],
    ['in.0', { key: 'end', n: 0, at: 9000 }],
    ['in.1', { key: 'end-1', n: 0, at: 9000 }],
  ] as const;
  for (const [subject, reading] of readings) await jetstream(nats.connection).publish(subject, JSON.stringify(reading));
});

async function write(stream: string, messages: readonly Written[]): Promise<void> {
  for (const { row, generation = 1 } of messages) {
    const lines = headers();
    lines.set('Weir-Generation', String(generation));
    lines.set('Weir-Epoch', '1');
    if (row === null) lines.set('Weir-Fence', '1');
    await jetstream(nats.connection).publish(`${stream}.x`, row === null ? '' : JSON.stringify(row), { headers: lines });
  }
}
const rowsOf = (...rows: object[]): Written[] => rows.map((row) => ({ row }));

test.each<[string, readonly Written[], object]>([
  ['nothing wrong', rowsOf(first, second, end, ...others), {}],
  ['a row that is missing', rowsOf(first, end, ...others), { lost: 1 }],
  ['a row that is there twice', rowsOf(first, second, second, end, ...others), { duplicated: 1 }],
  ['a row with a wrong sum', rowsOf(first, { ...second, total: 8 }, end, ...others), { lost: 1, duplicated: 1 }],
  ['rows in another order', rowsOf(second, first, end, ...others), { reordered: 1 }],
  [
    'a write of an older generation',
    [{ row: null, generation: 2 }, ...rowsOf(first), ...rowsOf(second, end, ...others)],
    { zombieWrites: 4, restores: 1 },
  ],
])('sees %s', async (_, running, wrong) => {
  await write('running', running);
  await write('seconds', rowsOf(window));
  const fine = { rows: 5, restores: 0, zombieWrites: 0, lost: 0, duplicated: 0, reordered: 0 };
  expect(await check(nats.connection)).toEqual({ ...fine, ...wrong });
});

test('sees a window that is missing', async () => {
  await write('running', rowsOf(first, second, end, ...others));
  expect(await check(nats.connection)).toMatchObject({ lost: 1, duplicated: 0 });
});
