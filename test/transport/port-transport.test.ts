import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { batchOf, batchSchema } from '../../src/batch/index.ts';
import { silentLogger, type WeirError } from '../../src/core/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { type Frame, NatsTransport, PortBus, PortLinks, PortTransport, type Window } from '../../src/transport/index.ts';
import { channelContract, type Ends } from './channel-contract.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const open: PortLinks[] = [];
afterEach(() => open.splice(0).forEach((links) => links.close()));

/** Links of two threads, but that both are this one. */
function linked(): readonly [PortLinks, PortLinks] {
  const { port1, port2 } = new MessageChannel();
  const [one, other] = [new PortLinks(), new PortLinks()];
  one.add(port1);
  other.add(port2);
  open.push(one, other);
  return [one, other];
}

/** Until both have had all, and what they answered. */
async function settled(one: PortLinks, other: PortLinks): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await one.flush();
    await other.flush();
    await turn();
  }
}

interface Pair extends Ends {
  readonly links: readonly [PortLinks, PortLinks];
  readonly failures: WeirError[];
}
function pair(window?: Window): Pair {
  const links = linked();
  const failures: WeirError[] = [];
  const [sending, receiving] = links.map(
    (each) => new PortTransport({ links: each, generation: 7, ...(window === undefined ? {} : { window }) }),
  ) as [PortTransport, PortTransport];
  for (const each of [sending, receiving]) each.onFailed((error) => void failures.push(error));
  return { sending, receiving, links, failures, settle: () => settled(...links) };
}

channelContract('threads', (window) => pair(window));
channelContract('threads, both ends in one', (window) => {
  const links = new PortLinks();
  const transport = new PortTransport({ links, generation: 7, window });
  return { sending: transport, receiving: transport, settle: turn };
});
channelContract('NATS, on the bus of threads', (window) => {
  const links = linked();
  const [sending, receiving] = links.map(
    (each) =>
      new NatsTransport({
        bus: new PortBus(each),
        prefix: 'job',
        generation: 7,
        clock: new VirtualClock(),
        logger: silentLogger,
        window,
      }),
  ) as [NatsTransport, NatsTransport];
  return { sending, receiving, settle: () => settled(...links) };
});

const id = { edge: 0, from: 0, to: 0 };
const numbers = batchSchema([{ name: 'n', type: { kind: 'float64' }, nullable: false }]);
const many: Frame & { kind: 'data' } = {
  kind: 'data',
  batch: batchOf(
    numbers,
    Array.from({ length: 5000 }, (_, n) => ({ n })),
  ),
};

describe('a channel between threads', () => {
  test('TH2: opens whichever end comes first', async () => {
    for (const first of ['sender', 'receiver'] as const) {
      const { sending, receiving, settle } = pair();
      if (first === 'sender') sending.sender(id);
      else receiving.receiver(id).open();
      await settle();
      receiving.receiver(id).open();
      const sender = sending.sender(id);
      await settle();
      expect([first, sender.writable]).toEqual([first, true]);
    }
  });

  test('leaves the batch that it sends to whoever has it', async () => {
    const { sending, receiving, settle } = pair();
    const [sender, receiver] = [sending.sender(id), receiving.receiver(id)];
    receiver.open();
    await settle();
    sender.send(many);
    sender.send(many);
    await settle();
    const got = [receiver.take(), receiver.take()].map((frame) => (frame?.kind === 'data' ? frame.batch.row(4999) : null));
    expect([...got, many.batch.row(4999)]).toEqual([{ n: 4999 }, { n: 4999 }, { n: 4999 }]);
  });

  test('H3: of another generation nothing arrives', async () => {
    const { links, receiving, settle } = pair();
    const older = new PortTransport({ links: links[0], generation: 6 });
    const receiver = receiving.receiver(id);
    receiver.open();
    older.sender(id).send({ kind: 'watermark', watermark: 1 });
    await settle();
    expect(receiver.pending).toBe(0);
  });

  test('H1: a frame that is missing fails the generation, once, and nothing arrives any more', async () => {
    const { links, sending, receiving, failures, settle } = pair();
    const receiver = receiving.receiver(id);
    receiver.open();
    await settle();
    links[0].say('frames 7/0/0/0', { number: 2, frame: { kind: 'end' } });
    links[0].say('frames 7/0/0/0', { number: 3, frame: { kind: 'end' } });
    sending.sender(id).send({ kind: 'end' });
    await settle();
    expect([failures.map(({ code, message }) => `${code} ${message}`), receiver.pending]).toEqual([
      ['E_CHANNEL channel 7/0/0/0: frame 2 came after 0'],
      0,
    ]);
  });

  test('bytes that are no batch fail the generation', async () => {
    const { links, receiving, failures, settle } = pair();
    receiving.receiver(id).open();
    await settle();
    links[0].say('frames 7/0/0/0', { number: 1, frame: new Uint8Array(40) });
    await settle();
    expect(failures.map(({ code }) => code)).toEqual(['E_CHANNEL']);
  });
});
