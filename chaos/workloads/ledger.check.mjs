// The input of ledger.ts, and how its output is checked: 100,000 accounts are opened before the faults begin, with a memo of 1,000 characters
// each, and then booked on at a steady rate. Knows the streams and nothing else: no code of the engine is used here.
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { publishSurely, readAll } from './streams.mjs';

const accounts = 100_000;
const memoCharacters = 1000;
const perMessage = 500;
const perSecond = 400;
const tickMs = 25;
const windowNs = 100_000_000;
const splits = 2;

const account = (n) => `account-${n}`;
/** Random letters: nothing that could be packed well. */
const memoOf = (random) => {
  let memo = '';
  while (memo.length < memoCharacters) memo += Math.floor(random() * 36 ** 8).toString(36);
  return memo.slice(0, memoCharacters);
};

export async function setup({ nats, random }) {
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: 'BOOKINGS', subjects: ['bookings.*'] });
  await manager.streams.add({ name: 'BALANCES', subjects: ['balances.>'], duplicate_window: windowNs });
  for (let first = 0; first < accounts; first += perMessage) {
    const lines = Array.from({ length: splits }, () => []);
    for (let n = first; n < first + perMessage; n++)
      lines[n % splits].push(JSON.stringify({ account: account(n), amount: 0, memo: memoOf(random) }));
    for (let split = 0; split < splits; split++)
      await publishSurely(nats, `bookings.${split}`, lines[split].join('\n'), `open-${split}-${first}`);
  }
}

/** Every account is open. */
export async function ready({ nats }) {
  const manager = await jetstreamManager(nats);
  while ((await manager.streams.info('BALANCES')).state.messages < accounts) await sleep(50);
}

export async function workload({ nats, random, signal }) {
  const begin = Date.now();
  let made = 0;
  for (let tick = 0; !signal.aborted; tick++) {
    // After an outage at most a second's worth at a time.
    const due = Math.min(Math.floor(((Date.now() - begin) * perSecond) / 1000), made + perSecond);
    const lines = Array.from({ length: splits }, () => []);
    for (; made < due; made++) {
      const n = Math.floor(random() * accounts);
      const amount = Math.floor(random() * 2000) - 1000;
      lines[n % splits].push(JSON.stringify({ account: account(n), amount, memo: '' }));
    }
    for (let split = 0; split < splits; split++)
      if (lines[split].length > 0) await publishSurely(nats, `bookings.${split}`, lines[split].join('\n'), `${split}-${tick}`);
    await sleep(tickMs);
  }
}

export default async function check({ nats }) {
  const seen = new Map();
  let duplicated = 0;
  let reordered = 0;
  const balances = await readAll(nats, 'BALANCES');
  const expected = expectedOf(await readAll(nats, 'BOOKINGS')); // last: nothing was written that is not there to read
  for (const { text, headers } of balances) {
    if (headers?.has('Weir-Fence')) continue;
    const { account, place, balance } = JSON.parse(text);
    const of = seen.get(account) ?? { highest: 0, places: new Set() };
    seen.set(account, of);
    // A row that nobody asked for is one too many, too.
    if (of.places.has(place) || expected.get(account)?.[place - 1] !== balance) {
      duplicated++;
      continue;
    }
    of.places.add(place);
    if (place < of.highest) reordered++;
    of.highest = Math.max(of.highest, place);
  }
  let rows = 0;
  let lost = 0;
  for (const [account, after] of expected) {
    rows += after.length;
    lost += after.length - (seen.get(account)?.places.size ?? 0);
  }
  return { lost, duplicated, reordered, rows };
}

/** The balance after each booking, by account. */
function expectedOf(bookings) {
  const after = new Map();
  for (const { text } of bookings)
    for (const line of text.split('\n')) {
      const { account, amount } = JSON.parse(line);
      const before = after.get(account) ?? [];
      after.set(account, before);
      before.push((before.at(-1) ?? 0) + amount);
    }
  return after;
}
