// nats.source and nats.sink: subjects that nobody keeps.
import { describe, expect, onTestFinished, test } from 'vitest';
import { json, nats as core } from '../../../src/connectors/index.ts';
import type { SinkContext, SinkDefinition, SinkWriter, SourceDefinition, SplitReader } from '../../../src/operators/index.ts';
import { realClock } from '../../../src/runtime/real-clock.ts';
import { withServer } from '../../nats/server.ts';
import { rowsOf, sinkContext, sourceContext, type SourceSurroundings, until, WatchedClock } from '../connector-fixture.ts';
import { commit, staged } from '../jetstream/sink-fixture.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('what is no subject is an error of the plan', () => {
  for (const subject of ['', 'a b', 'a..b', 'a.>.b'])
    expect(() => core.source({ subject, format: json() })).toThrow(expect.objectContaining({ code: 'E_PLAN' }));
  for (const subject of ['', 'a.*', 'a b'])
    expect(() => core.sink({ subject })).toThrow(expect.objectContaining({ code: 'E_PLAN' }));
  expect(core.source({ subject: 'a.>', format: json() }).guarantee).toBe('at-most-once');
  expect(core.sink({ subject: 'a' }).guarantee).toBe('at-most-once');
});

describe('nats.source', () => {
  const nats = withServer();

  async function reader(subject: string, more: SourceSurroundings = {}): Promise<SplitReader> {
    const source = core.source({ servers: nats.server.url, subject, format: json() }) as unknown as SourceDefinition;
    const opened = await source.open(subject, undefined, 0, sourceContext({ clock: realClock, ...more }));
    onTestFinished(() => opened.close());
    return opened;
  }
  /** A subscription holds once the server has answered something that was sent after it. */
  async function subscribed(reading: SplitReader, subject: string): Promise<void> {
    const first = reading.read();
    let seen = false;
    void first.then(() => (seen = true));
    while (!seen) {
      nats.connection.publish(subject, '{"n":-1}');
      await nats.connection.flush();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('gives what is sent, and sets aside what does not parse', async () => {
    const reading = await reader('in.>');
    await subscribed(reading, 'in.probe');
    for (const n of upTo(2000)) nats.connection.publish('in.a', JSON.stringify({ n }));
    nats.connection.publish('in.b', 'no json');
    const rows: object[] = [];
    const dead: string[] = [];
    while (dead.length === 0) {
      const piece = (await reading.read())!;
      expect(piece.position).toBeNull();
      rows.push(...rowsOf(piece.batch));
      dead.push(...piece.dead.map(({ error }) => error));
    }
    expect(rows.filter((row) => (row as { n: number }).n >= 0)).toEqual(upTo(2000).map((n) => ({ n })));
    expect(dead[0]).toMatch(/^in\.> \(in\.b\): the record is not JSON/);
  });

  test('NS1: keeps the latest of what comes faster than it is read, and says what was lost', async () => {
    const clock = new WatchedClock();
    const said: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (_: unknown, text: string) => void said.push(text) };
    const reading = await reader('flood', { clock, logger });
    await subscribed(reading, 'flood');
    const count = 70_000;
    for (const n of upTo(count)) nats.connection.publish('flood', JSON.stringify({ n }));
    await until(() => clock.waiting > 0);
    let last = -1;
    while (last < count - 1) last = (rowsOf((await reading.read())!.batch) as { n: number }[]).at(-1)?.n ?? last;
    clock.advance(5000);
    expect(said).toEqual([expect.stringMatching(/^nats flood: \d+ messages were lost/)]);
  });
});

describe('nats.sink', () => {
  const nats = withServer({ per: 'test' });

  async function writer(context: Partial<SinkContext> = {}): Promise<SinkWriter> {
    const sink = core.sink<{ n: number }>({ servers: nats.server.url, subject: ({ n }) => `out.${n % 2}` });
    const opened = await (sink as unknown as SinkDefinition).open(sinkContext({ clock: realClock, ...context }), []);
    onTestFinished(async () => opened.close?.());
    return opened;
  }

  test('C3, NW1: sends an epoch with its commit, and never again', async () => {
    const heard: number[] = [];
    nats.connection.subscribe('out.*', { callback: (_, message) => void heard.push(message.json<{ n: number }>().n) });
    await nats.connection.flush();
    const first = await writer();
    const one = await staged(first, 1, upTo(2500));
    await nats.connection.flush();
    expect(heard).toEqual([]);
    await commit(first, one);
    await commit(first, one);
    const restored = await writer({ fresh: false, generation: 2, restoredEpoch: 1 });
    await commit(restored, one, 2);
    await commit(restored, await staged(restored, 2, [2500]), 2);
    await until(() => heard.length >= 2501);
    await nats.connection.flush();
    expect(heard).toEqual(upTo(2501));
  });

  test('loses what it would send while there is no server, says so, and goes on', async () => {
    const said: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (_: unknown, text: string) => void said.push(text) };
    const sending = await writer({ logger });
    const one = await staged(sending, 1, upTo(10));
    await nats.server.kill();
    await commit(sending, one);
    expect(said).toEqual(['nats: the connection was interrupted, and up to 10 messages were lost']);
  });
});
