import { describe, expect, test } from 'vitest';
import { batchOf, batchSchema } from '../../src/batch/index.ts';
import { silentLogger, type WeirError } from '../../src/core/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { type Frame, NatsTransport, type Window } from '../../src/transport/index.ts';
import { channelContract, type Ends } from './channel-contract.ts';
import { MemoryNetwork } from './memory-bus.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Pair extends Ends {
  readonly network: MemoryNetwork;
  readonly clock: VirtualClock;
  readonly failures: WeirError[];
  readonly warnings: unknown[];
}

function pair(window?: Window, network: MemoryNetwork = new MemoryNetwork(), messageBytesMax = 512): Pair {
  const clock = new VirtualClock();
  const failures: WeirError[] = [];
  const warnings: unknown[] = [];
  const transport = (generation = 7): NatsTransport =>
    new NatsTransport({
      bus: network.bus(),
      prefix: 'weir.job',
      generation,
      clock,
      logger: { ...silentLogger, warn: (facts) => void warnings.push(facts) },
      messageBytesMax,
      ...(window === undefined ? {} : { window }),
    });
  const [sending, receiving] = [transport(), transport()];
  for (const each of [sending, receiving]) each.onFailed((error) => void failures.push(error));
  const settle = async (): Promise<void> => {
    network.deliver();
    await turn();
    network.deliver();
  };
  return { sending, receiving, settle, network, clock, failures, warnings };
}

channelContract('NATS, on a network in memory', (window) => pair(window));

const id = { edge: 0, from: 0, to: 0 };
const numbers = batchSchema([{ name: 'n', type: { kind: 'float64' }, nullable: false }]);
const data = (...rows: number[]): Frame => ({
  kind: 'data',
  batch: batchOf(
    numbers,
    rows.map((n) => ({ n })),
  ),
});
const mark = (at: number): Frame => ({ kind: 'watermark', watermark: at });
const many = Array.from({ length: 500 }, (_, n) => n);

async function opened(of: Pair = pair()) {
  const ends = { ...of, sender: of.sending.sender(id), receiver: of.receiving.receiver(id) };
  ends.receiver.open();
  await ends.settle();
  return ends;
}
/** Loses or changes the next message to a receiving end. */
function once(network: MemoryNetwork, change: (payload: Uint8Array) => Uint8Array | readonly Uint8Array[] | null): void {
  network.weather = (subject, payload) => {
    if (!subject.includes('.to.')) return payload;
    network.weather = (_, rest) => rest;
    return change(payload);
  };
}

describe('channels over NATS', () => {
  test('H3: a lost frame fails the generation at the next one', async () => {
    const { network, sender, settle, failures, receiver } = await opened();
    once(network, () => null);
    sender.send(mark(1));
    await settle();
    expect(failures).toEqual([]);
    sender.send(mark(2));
    await settle();
    expect(failures).toMatchObject([{ code: 'E_CHANNEL', message: expect.stringContaining('frame 2 came after 0') }]);
    expect(receiver.pending).toBe(0);
  });

  test('H3: the last frame lost is found by a heartbeat, without another frame', async () => {
    const { network, clock, sender, settle, failures } = await opened();
    once(network, () => null);
    sender.send(mark(1));
    await settle();
    clock.advance(1000);
    await settle();
    expect(failures).toMatchObject([{ code: 'E_CHANNEL', message: expect.stringContaining('frames up to 1 were sent, 0 came') }]);
  });

  test('H3: so it is where the first heartbeats are lost as well', async () => {
    const { network, clock, sender, settle, failures } = await opened();
    let lost = 0;
    network.weather = (subject, payload) => (subject.includes('.to.') && lost++ < 4 ? null : payload);
    sender.send(mark(1));
    for (let beats = 0; beats < 3; beats++) {
      clock.advance(500);
      await settle();
    }
    expect([lost, failures]).toEqual([4, []]);
    clock.advance(500);
    await settle();
    expect(failures).toMatchObject([{ code: 'E_CHANNEL', message: expect.stringContaining('frames up to 1 were sent, 0 came') }]);
  });

  test('nothing is said any more once all frames are known to have come, though answers were lost', async () => {
    const { network, clock, sender, settle, failures } = await opened();
    sender.send(data(1));
    sender.send(mark(2));
    let [said, answers] = [0, 0];
    network.weather = (subject, payload) => {
      if (subject.includes('.to.')) said++;
      else if (answers++ < 2) return null;
      return payload;
    };
    const beat = async (): Promise<void> => {
      clock.advance(500);
      await settle();
    };
    while (answers < 3) await beat();
    const before = said;
    for (let beats = 0; beats < 10; beats++) await beat();
    expect([failures, said, answers]).toEqual([[], before, 3]);
  });

  test.each([
    ['a bit', (payload: Uint8Array) => payload.with(payload.length - 1, payload.at(-1)! ^ 1)],
    ['its sequence', (payload: Uint8Array) => payload.with(23, payload[23]! ^ 1)],
    ['its end', (payload: Uint8Array) => payload.subarray(0, -1)],
  ])('H3, W1: a frame that lost %s on its way fails the generation', async (_, change) => {
    const { network, sender, settle, failures } = await opened();
    once(network, change);
    sender.send(data(1));
    await settle();
    expect(failures).toMatchObject([{ code: 'E_CHANNEL', message: expect.stringContaining('was changed on its way') }]);
  });

  test('W1: what is no frame at all is dropped with a warning, and does no harm', async () => {
    const { network, sender, receiver, settle, failures, warnings } = await opened();
    for (const garbage of ['', 'x', 'PUB something else that is longer than a header'])
      network.bus().publish('weir.job.7.to.0.0', Buffer.from(garbage));
    sender.send(mark(1));
    await settle();
    expect([failures, warnings.length, receiver.take()]).toEqual([[], 3, mark(1)]);
  });

  test('H5: a repeated frame changes nothing', async () => {
    const { network, sender, receiver, settle, failures } = await opened();
    once(network, (payload) => [payload, payload.slice()]);
    sender.send(data(1));
    sender.send(mark(2));
    await settle();
    expect([failures, receiver.pending]).toEqual([[], 2]);
  });

  test('a frame of another generation is not even delivered', async () => {
    const of = await opened();
    const old = new NatsTransport({
      bus: of.network.bus(),
      prefix: 'weir.job',
      generation: 6,
      clock: of.clock,
      logger: silentLogger,
    });
    const receiver = old.receiver(id);
    receiver.open();
    of.sender.send(mark(1));
    await of.settle();
    expect([receiver.pending, of.receiver.pending]).toEqual([0, 1]);
  });

  test('a batch beyond the size of a message comes in pieces, and is paid for once', async () => {
    const { sender, receiver, settle } = await opened(pair({ frames: 9, bytes: 3000 }));
    sender.send(data(...many));
    expect(sender.writable).toBe(false);
    await settle();
    const frame = receiver.take();
    expect(frame?.kind === 'data' && frame.batch.length).toBe(500);
    await settle();
    expect(sender.writable).toBe(true);
  });

  test('a piece that was lost fails the generation', async () => {
    const { network, sender, settle, failures } = await opened();
    once(network, () => null);
    sender.send(data(...many));
    await settle();
    expect(failures).toHaveLength(1);
  });

  test('H4: no frame is published before somebody is subscribed', async () => {
    const of = pair();
    const published: string[] = [];
    of.network.weather = (subject, payload) => {
      published.push(subject);
      return payload;
    };
    of.sending.sender(id).send(mark(1));
    await of.settle();
    of.clock.advance(5000);
    await of.settle();
    expect(published).toEqual([]);
    const receiver = of.receiving.receiver(id);
    receiver.open();
    await of.settle();
    expect(receiver.take()).toEqual(mark(1));
  });

  test('a grant that was lost is repeated: the first until it is answered, later ones when the sender waits', async () => {
    const of = pair({ frames: 1, bytes: 1 << 20 });
    const { network, clock, settle } = of;
    const receiver = of.receiving.receiver(id);
    receiver.open();
    await settle(); // nobody listens yet
    const sender = of.sending.sender(id);
    clock.advance(500);
    await settle();
    expect(sender.writable).toBe(true);
    sender.send(data(1));
    await settle();
    network.weather = (subject, payload) => (subject.includes('.from.') ? null : payload);
    receiver.take();
    await settle();
    expect(sender.writable).toBe(false);
    network.weather = (_, payload) => payload;
    clock.advance(500);
    await settle();
    expect(sender.writable).toBe(true);
  });

  test('H6: an interrupted connection fails the generation, once', async () => {
    const { network, failures, sender, receiver, settle } = await opened();
    network.interrupt();
    expect(failures).toMatchObject([
      { code: 'E_BROKER', message: expect.stringContaining('interrupted') },
      { code: 'E_BROKER', message: expect.stringContaining('interrupted') },
    ]);
    sender.send(mark(1));
    await settle();
    expect([receiver.pending, failures.length]).toEqual([0, 2]);
  });
});
