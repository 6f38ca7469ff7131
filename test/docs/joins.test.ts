import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { from, timestamp } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { answered, Click, Shown } from '../../examples/ad-clicks.ts';
import { named } from '../../examples/order-customers.ts';
import { bids, offers, run as runOffers } from './offers-example.ts';
import { deliveries, names, run as runStock } from './stock-example.ts';
import { Order, perHour, Rate, valued } from '../../examples/order-values.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/joins.md');
const [ofStreams, asOf, outside] = doc.split(/^## (?:As of a time|What is found outside)$/m);

const clock = (ms: number): string => `${Math.floor(ms / 3_600_000)}:${String((ms / 60_000) % 60).padStart(2, '0')}`;
const msOf = (text: string): number => {
  const [hours, minutes] = text.split(':').map(Number);
  return (hours! * 60 + minutes!) * 60_000;
};

test.each(['ad-clicks', 'order-values', 'order-customers'])(
  'the example %s of docs/joins.md is the one that can be run',
  (name) => {
    const [, example] = new RegExp(`<!-- example: ${name} -->\\n\`\`\`ts\\n([\\s\\S]*?)\`\`\``).exec(doc)!;
    expect(example).toBe(read(`examples/${name}.ts`));
  },
);

test('what docs/joins.md says happens to the rows of a key happens', async () => {
  const steps = [...ofStreams!.matchAll(/^\| (?:(shown|clicked) at (\d:\d\d))? ?\| (\d:\d\d) \|[^|]*\|([^|]*)\|$/gm)];
  expect(steps.length).toBe(6);
  const [shown, clicks] = [testSource(Shown), testSource(Click)];
  await using run = await testRun(answered(from(shown), from(clicks)));
  for (const [, what, at, watermark, out] of steps) {
    shown.watermark(msOf(watermark!));
    clicks.watermark(msOf(watermark!));
    const before = await run.drain();
    if (what === 'shown') shown.push({ adId: 'x', campaign: 'spring', shownAt: timestamp(msOf(at!)) });
    if (what === 'clicked') clicks.push({ adId: 'x', user: 'ann', clickedAt: timestamp(msOf(at!)) });
    const rows = [...before, ...(await run.drain())].map(({ shownAt, clickedAt }) =>
      clickedAt === null ? `shown ${clock(shownAt)} alone` : `shown ${clock(shownAt)} with clicked ${clock(clickedAt)}`,
    );
    expect(rows, `${what} at ${at}`).toEqual(
      [...out!.matchAll(/shown \d:\d\d (?:alone|with clicked \d:\d\d)/g)].map(([text]) => text),
    );
  }
  expect(run.late).toBe(0);
});

test('and what it says of conditions', async () => {
  const [, example] = /<!-- example: offers -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('test/docs/offers-example.ts'));
  const steps = [...doc.matchAll(/^\| (?:(offer|bid) (\w) by (\w+), (\d+), at (\d:\d\d)|the end) \| (.*?) ?\|$/gm)];
  expect(steps.length).toBe(7);
  await using run = await runOffers();
  for (const [step, what, item, who, price, at, said] of steps) {
    const time = timestamp(at === undefined ? 0 : msOf(at));
    if (what === 'offer') offers.push({ item: item!, seller: who!, least: Number(price), offeredAt: time });
    else if (what === 'bid') bids.push({ item: item!, bidder: who!, price: Number(price), bidAt: time });
    else for (const source of [offers, bids]) source.end();
    const rows = (await run.drain()).map((row) =>
      row.bidder === null ? `${row.item} of ${row.seller}: nobody` : `${row.item} of ${row.seller}: ${row.bidder} ${row.price}`,
    );
    expect([step, rows.join(', ')]).toEqual([step, said]);
  }
});

test('and what it says of rows that change', async () => {
  const [, example] = /<!-- example: stock -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('test/docs/stock-example.ts'));
  const steps = [...doc.matchAll(/^\| (delivered|named) (\w) (\w+) \| (.*) \|$/gm)];
  expect(steps.length).toBe(4);
  await using run = await runStock();
  for (const [, what, item, with_, said] of steps) {
    if (what === 'delivered') deliveries.push({ item: item!, pieces: Number(with_) });
    else names.push({ item: item!, name: with_! });
    const changes = (await run.drain()).map(({ op, pieces, name, item: of }) => `${op} ${of} ${pieces} ${name}`);
    expect(changes.join(', ')).toBe(said);
  }
});

test('what docs/joins.md says happens to orders and rates happens', async () => {
  const steps = [...asOf!.matchAll(/^\| (?:(rate|order) (?:from|of) (\d:\d\d))? ?\| (\d:\d\d) \|[^|]*\|([^|]*)\|$/gm)];
  expect(steps.length).toBe(7);
  const [orders, rates] = [testSource(Order), testSource(Rate)];
  await using run = await testRun(valued(from(orders), from(rates)));
  for (const [, what, at, watermark, out] of steps) {
    orders.watermark(msOf(watermark!));
    rates.watermark(msOf(watermark!));
    const before = await run.drain();
    const time = timestamp(at === undefined ? 0 : msOf(at));
    if (what === 'order') orders.push({ orderId: 1, currency: 'EUR', amount: 1, madeAt: time });
    if (what === 'rate') rates.push({ currency: 'EUR', dollars: 1, validFrom: time });
    const rows = [...before, ...(await run.drain())].map(
      ({ madeAt, validFrom }) => `order ${clock(madeAt)} at the rate of ${clock(validFrom!)}`,
    );
    expect(rows, `${what} ${at}`).toEqual([...out!.matchAll(/order \d:\d\d at the rate of \d:\d\d/g)].map(([text]) => text));
  }
  expect(run.late).toBe(0);
});

test('orders are worth what the rates of their times say, through a crash', async () => {
  const [orders, rates] = [testSource(Order), testSource(Rate)];
  await using run = await testRun(perHour(valued(from(orders), from(rates))), { parallelism: 2 });
  const hour = 3_600_000;
  const order = (currency: string, amount: number, at: number) => ({
    ...{ orderId: at, currency, amount },
    madeAt: timestamp(at),
  });
  orders.push(order('EUR', 10, 0), order('JPY', 1, 5), order('EUR', 20, hour / 2));
  expect(await run.drain()).toEqual([]);
  await run.crash();
  rates.push({ currency: 'EUR', dollars: 2, validFrom: timestamp(0) });
  rates.push({ currency: 'EUR', dollars: 3, validFrom: timestamp(hour / 4) });
  orders.end();
  rates.end();
  const of = { start: 0, end: hour };
  expect((await run.drain()).toSorted((p, q) => (p.currency < q.currency ? -1 : 1))).toEqual([
    { window: of, currency: 'EUR', orders: 2, dollars: 80, withoutRate: 0 },
    { window: of, currency: 'JPY', orders: 1, dollars: null, withoutRate: 1 },
  ]);
});

test('what docs/joins.md says is asked of the outside is asked, over HTTP, and goes out in this order', async () => {
  const steps = [...outside!.matchAll(/^\| orders of ([a-z, ]+) \| ([a-z, ]+) \|/gm)].map(([, orders, asked]) => ({
    orders: orders!.split(', '),
    asked: asked!.split(', '),
  }));
  expect(steps.length).toBe(2);
  const asked: string[][] = [];
  let failures = 1;
  const server = createServer((request, response) => {
    const ids = new URL(request.url!, 'http://x').searchParams.get('ids')!.split(',');
    if (failures-- > 0) return void response.writeHead(503).end();
    asked.push(ids);
    response.end(JSON.stringify(ids.map((customerId) => ({ customerId, name: `customer ${customerId}`, country: 'CH' }))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    // The second batch comes when what was made of the first is there.
    let go: () => void;
    const gone = new Promise<void>((resolve) => (go = resolve));
    async function* batches() {
      for (const [i, { orders }] of steps.entries()) {
        if (i > 0) await gone;
        for (const customerId of orders) yield { orderId: i, customerId };
      }
    }
    const seen: string[] = [];
    for await (const { orderId, customerId, name } of named(from(batches()), `http://127.0.0.1:${port}/`).rows()) {
      expect(name).toBe(`customer ${customerId}`);
      seen.push(customerId);
      if (seen.length === steps[0]!.orders.length && orderId === 0) go!();
    }
    expect(seen).toEqual(steps.flatMap(({ orders }) => orders));
    expect(asked.flat()).toEqual(steps.flatMap(({ asked: of }) => of));
  } finally {
    server.close();
  }
});
