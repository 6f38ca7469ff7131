// jetstream.sink: the contract of all sinks, at-least-once, and what is seen of a sink that publishes too early.
import { describe, expect, test } from 'vitest';
import type { SinkDefinition } from '../../../src/operators/index.ts';
import { jetstreamSink } from '../../../src/connectors/jetstream/sink.ts';
import { realClock } from '../../../src/runtime/real-clock.ts';
import { withServer } from '../../nats/server.ts';
import { sinkContract } from '../sink-contract.ts';
import { readOn, rowsIn, TestStream } from './stream-fixture.ts';
import { commit, OutputStream, range, serverFor, staged, ways } from './sink-fixture.ts';

describe.each(ways)('jetstream.sink, %s', (_way, config) => {
  const nats = serverFor(config);
  let streams = 0;
  sinkContract(async () => {
    const out = await OutputStream.make(nats, `CONTRACT${streams++}`, config);
    const inRealTime = (definition: SinkDefinition): SinkDefinition => ({
      ...definition,
      open: (context, state) => definition.open({ ...context, clock: realClock }, state),
    });
    return {
      sink: () => inRealTime(out.sink()),
      visible: async () => (await out.rows()).map(({ body }) => JSON.parse(body) as unknown),
    };
  });
});

describe('jetstream.sink', () => {
  const nats = withServer();

  test('is read by jetstream.source as rows, without the fences', async () => {
    const out = await OutputStream.make(nats, 'CHAINED');
    const writer = await out.writer();
    await commit(writer, await staged(writer, 1, range(3)));
    const again = await out.writer({ fresh: false, generation: 2 }, [writer.snapshot?.()]);
    await commit(again, await staged(again, 2, range(3, 3)), 2);
    const stream = await TestStream.make(nats, 'UNUSED');
    const source = stream.source({ stream: 'CHAINED', until: 'end' });
    const { all } = await readOn(source, 'CHAINED');
    expect(rowsIn(all)).toEqual(range(6).map((n) => ({ n })));
  });

  test('with --break early-publish is seen to publish before the commit', async () => {
    const out = await OutputStream.make(nats, 'EARLY');
    const writer = await out.writer({ sabotage: 'early-publish' });
    await staged(writer, 1, range(3));
    expect(await out.numbers()).toEqual(range(3));
  });
});

describe('jetstream.sink, at least once', () => {
  const nats = withServer({ per: 'test' });

  test('publishes at once, and has stored everything when it stages (JE1)', async () => {
    const out = await OutputStream.make(nats, 'EAGER', { max_age: 3600e9 });
    const sink = jetstreamSink({ stream: 'EAGER', subject: 'EAGER.a', guarantee: 'at-least-once' });
    expect(sink.guarantee).toBe('at-least-once');
    const writer = await out.writer({}, [], { guarantee: 'at-least-once' });
    const { staged: nothing } = await staged(writer, 1, range(2500));
    expect(nothing).toBeUndefined();
    expect(await out.numbers()).toEqual(range(2500));
  });

  test('loses nothing when the server is killed', async () => {
    const out = await OutputStream.make(nats, 'EAGER');
    const writer = await out.writer({}, [], { guarantee: 'at-least-once' });
    await staged(writer, 1, range(10));
    const staging = staged(writer, 2, range(5000, 10));
    await nats.server.kill();
    await nats.restart();
    await staging;
    expect(new Set(await out.numbers())).toEqual(new Set(range(5010)));
  });
});
