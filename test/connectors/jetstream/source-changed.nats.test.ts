// jetstream.source against streams that change behind its back, and servers that go.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/core/index.ts';
import { realClock } from '../../../src/runtime/real-clock.ts';
import { withServer } from '../../nats/server.ts';
import { outcomes, readPieces, type ReadPiece, sourceContext } from '../connector-fixture.ts';
import { numbers, readOn, realContext, rowsIn, TestStream } from './stream-fixture.ts';

const untilEnd = { until: 'end' } as const;
const changed = (words: string | RegExp) => ({
  code: 'E_SOURCE_CHANGED',
  message: words instanceof RegExp ? expect.stringMatching(words) : expect.stringContaining(words),
});

describe('a position of jetstream.source', () => {
  const nats = withServer();
  let count = 0;
  const make = (config = {}) => TestStream.make(nats, `C${++count}`, config);
  /** Reads five of ten messages. */
  async function halfRead(stream: TestStream, options = {}): Promise<ReadPiece> {
    await stream.publish(numbers(10));
    const pieces = await readPieces(stream.source(options), stream.name, realContext({ batchRowsMax: 5 }), undefined, 5);
    return pieces.at(-1)!;
  }
  const goOn = async (stream: TestStream, from: ReadPiece, options = {}) =>
    rowsIn((await readOn(stream.source({ ...untilEnd, ...options }), stream.name, from)).all);

  test('holds the stream and its last message, and gives the rest of an unchanged one', async () => {
    const stream = await make();
    const half = await halfRead(stream);
    expect(half.piece.position).toEqual({
      created: expect.stringMatching(/^\d{4}-/),
      sequence: 5,
      time: expect.stringMatching(/^\d{19}$/),
      hash: expect.stringMatching(/^[0-9a-f]{32}$/),
      lines: 0,
    });
    expect(await goOn(stream, half)).toEqual(numbers(5, 5));
  });

  test('is refused by a stream that was made anew, and names both times', async () => {
    const stream = await make();
    const half = await halfRead(stream);
    const manager = await stream.manager();
    const { created, config } = await manager.streams.info(stream.name);
    await manager.streams.delete(stream.name);
    await expect(goOn(stream, half)).rejects.toMatchObject(changed(`stream ${stream.name} is gone`));
    await manager.streams.add(config);
    await stream.publish(numbers(10));
    const now = (await manager.streams.info(stream.name)).created;
    await expect(goOn(stream, half)).rejects.toMatchObject(
      changed(new RegExp(`${stream.name}.*made at ${now}.*made at ${created}`)),
    );
  });

  test('is refused by a stream that ends before it', async () => {
    const stream = await make();
    const half = await halfRead(stream);
    const position = { ...(half.piece.position as object), sequence: 11 };
    await expect(goOn(stream, { ...half, piece: { ...half.piece, position } })).rejects.toMatchObject(
      changed('its last message is 10, and it was read up to message 11'),
    );
  });

  test('is refused where its message has another time, or another body', async () => {
    const stream = await make();
    const half = await halfRead(stream);
    const position = half.piece.position as { readonly time: string };
    const other = (part: object) => ({ ...half, piece: { ...half.piece, position: { ...position, ...part } } });
    await expect(goOn(stream, other({ time: String(BigInt(position.time) - 7_000_000n) }))).rejects.toMatchObject(
      changed(/message 5 is of \d{4}.*and the one that was read of \d{4}/),
    );
    await expect(goOn(stream, other({ hash: 'f'.repeat(32) }))).rejects.toMatchObject(
      changed(/message 5 is [0-9a-f]{32}.*f{32}/),
    );
  });

  test('is refused once messages behind it were purged or trimmed, and not once those before it were', async () => {
    const stream = await make();
    const half = await halfRead(stream);
    const manager = await stream.manager();
    await manager.streams.purge(stream.name, { seq: 6 });
    expect(await goOn(stream, half)).toEqual(numbers(5, 5));
    await manager.streams.purge(stream.name, { seq: 9 });
    await expect(goOn(stream, half)).rejects.toMatchObject({
      ...changed('messages 6 to 8 are gone before they were read; it begins at 9'),
      hint: expect.stringContaining('max_age'),
    });
    await manager.streams.purge(stream.name);
    await expect(goOn(stream, half)).rejects.toMatchObject(changed('messages 6 to 10 are gone'));

    const trimmed = await make({ max_msgs: 10 });
    const at = await halfRead(trimmed);
    await trimmed.publish(numbers(6, 10));
    await expect(goOn(trimmed, at)).rejects.toMatchObject(changed('message 6 is gone'));
  });

  test('goes on where all was read and nothing is left', async () => {
    const stream = await make();
    await stream.publish(numbers(5));
    const { last } = await readOn(stream.source(untilEnd), stream.name);
    await (await stream.manager()).streams.purge(stream.name);
    expect(await goOn(stream, last)).toEqual([]);
    await stream.publish(numbers(2, 5));
    expect(await goOn(stream, last)).toEqual(numbers(2, 5));
  });

  test('in the middle of a message of lines needs that message', async () => {
    const stream = await make();
    await stream.publish(['{"n":0}\n\n{"n":1}\n{"n":2}\n', '{"n":3}']);
    const lines = { perMessage: 'lines' } as const;
    const [, first] = await readPieces(stream.source(lines), stream.name, realContext({ batchRowsMax: 2 }), undefined, 2);
    expect(first!.piece.position).toMatchObject({ sequence: 1, lines: 2 });
    expect(await goOn(stream, first!, lines)).toEqual(numbers(2, 2));
    await (await stream.manager()).streams.purge(stream.name, { seq: 2 });
    await expect(goOn(stream, first!, lines)).rejects.toMatchObject(changed('message 1 is gone'));
  });
});

describe('reading a stream that changes', () => {
  const nats = withServer();
  let count = 0;
  const make = (config = {}) => TestStream.make(nats, `R${++count}`, config);

  test("JD2: messages that were deleted one by one are passed over; of others' subjects too", async () => {
    const stream = await make();
    await stream.publish(numbers(4));
    await stream.publish(numbers(3, 4), 'b');
    await stream.publish(numbers(3, 7));
    const manager = await stream.manager();
    for (const sequence of [3, 9]) await manager.streams.deleteMessage(stream.name, sequence, false);
    const all = async (options = {}, split = stream.name) =>
      rowsIn((await readOn(stream.source({ ...untilEnd, ...options }), split)).all).map((row) => (row as { n: number }).n);
    expect(await all()).toEqual([0, 1, 3, 4, 5, 6, 7, 9]);
    const subjects = [`${stream.name}.a`, `${stream.name}.b`];
    expect(await all({ subjects }, subjects[0])).toEqual([0, 1, 3, 7, 9]);
    expect(await all({ subjects }, subjects[1])).toEqual([4, 5, 6]);
  });

  test('JD2: what the stream removed before it was read ends reading, with a filter too', async () => {
    for (const filtered of [false, true]) {
      const stream = await make({ max_msgs: 20 });
      const subjects = filtered ? { subjects: [`${stream.name}.a`] } : {};
      const split = filtered ? `${stream.name}.a` : stream.name;
      await stream.publish(numbers(5));
      const source = stream.source(subjects);
      const reader = await source.open(split, undefined, 0, realContext());
      await reader.read();
      expect((await reader.read())?.records).toBe(5);
      await nats.connection.flush();
      // What is pulled and not there yet comes; so a stop of the pulling is needed: its consumer goes.
      const manager = await stream.manager();
      const [consumer] = await manager.consumers.list(stream.name).next();
      await manager.consumers.delete(stream.name, consumer!.name);
      await stream.publish(numbers(30, 5));
      await expect(
        (async () => {
          for (;;) await reader.read();
        })(),
      ).rejects.toMatchObject(changed(/messages 6 to \d+ are gone/));
      await reader.close();
    }
  });

  test('JD2: what the stream removed while nobody took what was pulled ends reading, behind the last that came', async () => {
    for (const filtered of [false, true]) {
      const stream = await make({ max_msgs: 4000 });
      const subject = filtered ? `${stream.name}.a` : stream.name;
      const source = stream.source(filtered ? { subjects: [subject] } : {});
      await stream.publish(numbers(4000));
      const reader = await source.open(subject, undefined, 0, realContext({ batchRowsMax: 10 }));
      await reader.read();
      const found = rowsIn(outcomes((await reader.read())!)); // the rest of what was pulled waits
      await stream.publish(numbers(6000, 4000));
      const rest = async (): Promise<never> => {
        for (;;) found.push(...rowsIn(outcomes((await reader.read())!)));
      };
      await expect(rest()).rejects.toMatchObject(changed(/messages \d+ to 6000 are gone/));
      expect(found).toEqual(numbers(found.length));
      expect(found.length).toBeLessThan(4000);
      await reader.close();
    }
  });

  test('JD2: a rare subject is left behind neither while it is read nor by a restart: its position moves with the stream', async () => {
    const stream = await make({ max_msgs: 50 });
    const rare = `${stream.name}.rare`;
    const source = stream.source({ subjects: [rare] });
    const often = () => stream.publish(numbers(100), 'often');
    // The time after which a silent subject asks where the stream is, shortened.
    const clock: Clock = { ...realClock, setTimer: (ms, fn) => realClock.setTimer(ms === 5000 ? 20 : ms, fn) };
    const reader = await source.open(rare, undefined, 0, realContext({ clock }));
    await reader.read();
    await stream.publish([{ n: 1 }], 'rare');
    const first = { piece: (await reader.read())!, records: 1 };
    await often();
    const silent = { piece: (await reader.read())!, records: 1 };
    expect(silent.piece).toMatchObject({ records: 0, batch: null, position: { sequence: 101, lines: 0 } });
    const next = reader.read();
    await often();
    await stream.publish([{ n: 2 }], 'rare');
    let piece = await next;
    while (piece!.records === 0) piece = await reader.read();
    expect(rowsIn(outcomes(piece!))).toEqual([{ n: 2 }]);
    await reader.close();
    await expect(readOn(source, rare, first)).rejects.toMatchObject(changed('messages 2 to'));
    const { last } = await readOn(stream.source({ subjects: [rare], until: 'end' }), rare, { piece: piece!, records: 2 });
    expect(last.records).toBe(2);
  });

  test('JD1, JR1: a consumer that goes is replaced, without a gap or a repetition', async () => {
    const stream = await make();
    await stream.publish(numbers(2000));
    const manager = await stream.manager();
    const reader = await stream.source().open(stream.name, undefined, 0, realContext({ batchRowsMax: 100 }));
    const found: unknown[] = [];
    for (let pieces = 0; found.length < 2000; pieces++) {
      if (pieces % 5 === 2) {
        const [consumer] = await manager.consumers.list(stream.name).next();
        if (consumer !== undefined) await manager.consumers.delete(stream.name, consumer.name);
      }
      found.push(...rowsIn(outcomes((await reader.read())!)));
    }
    expect(found).toEqual(numbers(2000));
    await reader.close();
  });

  test('a stream that is deleted, or made anew, while it is read ends reading', async () => {
    for (const anew of [false, true]) {
      const stream = await make();
      await stream.publish(numbers(5));
      const reader = await stream.source().open(stream.name, undefined, 0, realContext());
      await reader.read();
      await reader.read();
      const manager = await stream.manager();
      const { config } = await manager.streams.info(stream.name);
      await manager.streams.delete(stream.name);
      if (anew) {
        await manager.streams.add(config);
        await stream.publish(numbers(20));
      }
      await expect(reader.read()).rejects.toMatchObject(changed(anew ? 'it was made at' : 'is gone'));
      await reader.close();
    }
  });
});

describe('a server that goes', () => {
  const nats = withServer({ per: 'test' });

  test('JR1: 10,000 messages over four kills are read once each, in order', async () => {
    const stream = await TestStream.make(nats, 'KILLED');
    await stream.publish(numbers(10_000));
    const reader = await stream.source().open(stream.name, undefined, 0, realContext({ batchRowsMax: 500 }));
    const found: unknown[] = [];
    for (let kills = 0; found.length < 10_000; ) {
      if (found.length >= 2000 * (kills + 1) && kills < 4) {
        kills++;
        await nats.server.kill();
        await nats.restart();
      }
      found.push(...rowsIn(outcomes((await reader.read())!)));
    }
    expect(found).toEqual(numbers(10_000));
    // And what comes after a kill while it waits.
    const waiting = reader.read();
    await nats.server.kill();
    await nats.restart();
    await (await jetstreamManager(await nats.connect())).streams.info('KILLED');
    await jetstream(await nats.connect()).publish('KILLED.a', '{"n":10000}');
    expect(rowsIn(outcomes((await waiting)!))).toEqual([{ n: 10_000 }]);
    await reader.close();
  });

  test('a signal ends a read that waits for it', async () => {
    const stream = await TestStream.make(nats, 'AWAY');
    const controller = new AbortController();
    const reader = await stream.source().open(stream.name, undefined, 0, realContext({ signal: controller.signal }));
    await reader.read();
    const waiting = reader.read();
    await nats.server.kill();
    const reason = new Error('closing');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await reader.close();
    await expect(stream.source().splits(sourceContext())).rejects.toMatchObject({ code: 'E_BROKER', retry: 'backoff' });
  });
});
