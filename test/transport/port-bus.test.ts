import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { PortBus, PortLinks } from '../../src/transport/index.ts';

const open: PortLinks[] = [];
afterEach(() => open.splice(0).forEach((links) => links.close()));

/** As many threads, each linked to all others, but that all are this one. */
function mesh(count: number): { links: PortLinks[]; buses: PortBus[]; settle: () => Promise<void> } {
  const links = Array.from({ length: count }, () => new PortLinks());
  open.push(...links);
  for (const [i, one] of links.entries())
    for (const other of links.slice(i + 1)) {
      const { port1, port2 } = new MessageChannel();
      one.add(port1);
      other.add(port2);
    }
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 2; round++) for (const each of links) await each.flush();
  };
  return { links, buses: links.map((each) => new PortBus(each)), settle };
}
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (word: string): Uint8Array => new TextEncoder().encode(word);

test('a message reaches all that listen to its subject, and nobody else, whichever thread they are in', async () => {
  const { buses, settle } = mesh(3);
  const heard: string[] = [];
  for (const [i, bus] of buses.entries())
    bus.subscribe('a', (payload, reply) => void heard.push(`${i} ${text(payload)} ${reply}`));
  buses[1]!.subscribe('b', () => void heard.push('b'));
  await settle();
  buses[0]!.publish('a', bytes('x'), 'back');
  await settle();
  expect(heard.sort()).toEqual(['0 x back', '1 x back', '2 x back']);
});

test('TH1: what one thread publishes arrives in order, each once', async () => {
  const { buses, settle } = mesh(2);
  const heard: number[] = [];
  buses[1]!.subscribe('a', (payload) => void heard.push(payload[0]!));
  await settle();
  for (let n = 0; n < 200; n++) buses[0]!.publish('a', Uint8Array.of(n));
  await settle();
  expect(heard).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

test('a part of some memory is published without the rest, which stays', async () => {
  const { buses, settle } = mesh(2);
  const heard: Uint8Array[] = [];
  buses[1]!.subscribe('a', (payload) => void heard.push(payload));
  await settle();
  const whole = bytes('abcdef');
  buses[0]!.publish('a', whole.subarray(2, 4));
  await settle();
  expect([heard.map(text), heard[0]!.buffer.byteLength, text(whole)]).toEqual([['cd'], 2, 'abcdef']);
});

test('who asks what nobody hears is told at once, with an empty message', async () => {
  const { buses, settle } = mesh(2);
  const told: number[] = [];
  buses[0]!.subscribe('answer', (payload) => void told.push(payload.length));
  buses[0]!.publish('nobody', bytes('x'), 'answer');
  await settle();
  expect(told).toEqual([0]);
});

test('who ceased to listen hears nothing, and whose thread has ended is forgotten', async () => {
  const { links, buses, settle } = mesh(3);
  const heard: string[] = [];
  const subscription = buses[1]!.subscribe('a', () => void heard.push('1'));
  buses[2]!.subscribe('b', () => void heard.push('2'));
  await settle();
  expect([links[0]!.say('a', {}), links[0]!.say('b', {})]).toEqual([true, true]);
  await settle();
  heard.length = 0;
  subscription.close();
  links[2]!.close();
  await settle();
  await expect.poll(() => [links[0]!.say('a', {}), links[0]!.say('b', {})]).toEqual([false, false]);
  await settle();
  expect(heard).toEqual([]);
});

test('a flush ends, though a thread ends meanwhile', async () => {
  const { links } = mesh(2);
  const flushed = links[0]!.flush();
  links[1]!.close();
  await flushed;
});
