// kv.sink: the last row of each key, whoever commits it how often.
import { Kvm } from '@nats-io/kv';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Batch, rowKind } from '../../../src/batch/index.ts';
import { epoch } from '../../../src/core/index.ts';
import { kv } from '../../../src/connectors/index.ts';
import type { SinkContext, SinkDefinition, SinkWriter } from '../../../src/operators/index.ts';
import { realClock } from '../../../src/runtime/real-clock.ts';
import { type ServerUse, withServer } from '../../nats/server.ts';
import { batch, sinkContext } from '../connector-fixture.ts';
import { commit, type Staged, staged } from '../jetstream/sink-fixture.ts';

interface Row {
  readonly n: number;
}
const second: Partial<SinkContext> = { fresh: false, generation: 2, restoredEpoch: 2 };

/** Of a bucket whose keys are the last digits of the rows. */
async function open(nats: ServerUse, bucket: string, context: Partial<SinkContext> = {}): Promise<SinkWriter> {
  const sink = kv.sink<Row>({ servers: nats.server.url, bucket, key: ({ n }) => `digit.${n % 10}`, create: true });
  const writer = await (sink as unknown as SinkDefinition).open(sinkContext({ clock: realClock, ...context }), []);
  onTestFinished(async () => writer.close?.());
  return writer;
}

/** Values and revisions. */
async function held(nats: ServerUse, bucket: string): Promise<Record<string, readonly [number, number]>> {
  const connection = await nats.connect();
  const found = await new Kvm(connection).open(bucket);
  const entries: [string, readonly [number, number]][] = [];
  for await (const key of await found.keys()) {
    const entry = (await found.get(key))!;
    entries.push([key, [entry.json<Row>().n, entry.revision]]);
  }
  await connection.close();
  return Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b)));
}
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('kv.sink', () => {
  const nats = withServer();

  test('C3, C4: puts the last row of each key once its epoch is committed, once', async () => {
    const writer = await open(nats, 'ONCE');
    const one = await staged(writer, 1, upTo(35));
    expect(await held(nats, 'ONCE')).toEqual({});
    await commit(writer, one);
    const first = await held(nats, 'ONCE');
    expect(Object.values(first).map(([n]) => n)).toEqual([30, 31, 32, 33, 34, 25, 26, 27, 28, 29]);
    const two: Staged = await staged(writer, 2, [44]);
    await commit(writer, two);
    const both = await held(nats, 'ONCE');
    expect(both).toEqual({ ...first, 'digit.4': [44, 11] });
    await commit(writer, one);
    const restored = await open(nats, 'ONCE', second);
    await commit(restored, one, 2);
    await commit(restored, two, 2);
    expect(await held(nats, 'ONCE')).toEqual(both);
  });

  test('JK1: an older generation puts nothing over a newer, nor after it', async () => {
    const old = await open(nats, 'OLD');
    const one = await staged(old, 1, [1, 2]);
    await commit(old, one);
    const next = await open(nats, 'OLD', second);
    await commit(next, await staged(next, 3, [11]), 2);
    const before = await held(nats, 'OLD');
    await expect(commit(old, await staged(old, 4, [21]))).rejects.toMatchObject({ code: 'E_RUNNING' });
    expect(await held(nats, 'OLD')).toEqual(before);
  });

  test('puts its rows over what others have put', async () => {
    const writer = await open(nats, 'OTHERS');
    const bucket = await new Kvm(nats.connection).open('OTHERS');
    await bucket.put('digit.1', '{"n":-1}');
    await commit(writer, await staged(writer, 1, [1]));
    await bucket.put('digit.1', '{"n":-2}');
    await commit(writer, await staged(writer, 2, [11]));
    expect(await held(nats, 'OTHERS')).toEqual({ 'digit.1': [11, 4] });
  });

  test('deletes keys whose row is taken back, unless another has come in its place, once', async () => {
    const writer = await open(nats, 'GONE');
    const rows = (kinds: readonly number[], numbers: readonly number[]): Batch =>
      batch(...numbers.map((n) => ({ n }))).withSystem({ kinds: Uint8Array.from(kinds) });
    await commit(writer, await staged(writer, 1, [1, 2, 3, 4]));
    const { updateBefore, update, delete: gone, insert } = rowKind;
    await writer.write(rows([updateBefore, update, gone, insert, updateBefore], [1, 11, 2, 23, 3]));
    await writer.write(rows([updateBefore, update], [4, 5]));
    const two: Staged = { epoch: 2, staged: await writer.stage(epoch(2), false), state: [] };
    await commit(writer, two);
    const left = await held(nats, 'GONE');
    expect(Object.entries(left).map(([key, [n]]) => [key, n])).toEqual([
      ['digit.1', 11],
      ['digit.3', 23],
      ['digit.5', 5],
    ]);
    const restored = await open(nats, 'GONE', second);
    await commit(restored, two, 2);
    expect(await held(nats, 'GONE')).toEqual(left);
    await commit(restored, await staged(restored, 3, [2]), 2);
    expect(await held(nats, 'GONE')).toMatchObject({ 'digit.2': [2, expect.any(Number)] });
  });

  test('names a bucket that is not there, and a row whose key is none', async () => {
    const sink = kv.sink<Row>({ servers: nats.server.url, bucket: 'NONE', key: () => 'a b' }) as unknown as SinkDefinition;
    await expect(sink.open(sinkContext(), [])).rejects.toMatchObject({
      code: 'E_SINK',
      message: 'bucket NONE does not exist',
      hint: expect.stringMatching(/create: true/),
    });
    for (const key of ['a b', '', '.a', 'a.*', 7]) {
      const odd = kv.sink<Row>({
        servers: nats.server.url,
        bucket: 'ONCE',
        key: () => key as string,
      }) as unknown as SinkDefinition;
      const writer = await odd.open(sinkContext(), []);
      expect(() => writer.write(batch({ n: 1 }))).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
      await writer.close?.();
    }
    expect(() => kv.sink({ bucket: 'a b', key: () => '' })).toThrow(expect.objectContaining({ code: 'E_PLAN' }));
    expect(() => kv.sink({ bucket: 'a', key: 'b' as never })).toThrow(expect.objectContaining({ code: 'E_PLAN' }));
  });
});

describe('kv.sink when the server is killed', () => {
  const nats = withServer({ per: 'test' });

  test('goes on when it is back', async () => {
    const sink = kv.sink<Row>({ servers: nats.server.url, bucket: 'KILLED', key: ({ n }) => `${n}`, create: true });
    const writer = await (sink as unknown as SinkDefinition).open(sinkContext({ clock: realClock }), []);
    onTestFinished(async () => writer.close?.());
    const committed = commit(writer, await staged(writer, 1, upTo(2000)));
    await nats.server.kill();
    await nats.restart();
    await committed;
    const connection = await nats.connect();
    const keys: string[] = [];
    for await (const key of await (await new Kvm(connection).open('KILLED')).keys()) keys.push(key);
    expect(new Set(keys).size).toBe(2000);
  });
});
