import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { from, timestamp } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { largest, latest, once, Order } from '../../examples/orders.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/deduplication.md');
const order = (at: number, amount = 0, id = 'x', customer = 'ann') => ({ id, customer, amount, at: timestamp(at) });

test('the example of docs/deduplication.md is the one that can be run', () => {
  const [, example] = /<!-- example: orders -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('examples/orders.ts'));
});

test('what docs/deduplication.md says happens to an order in time happens', async () => {
  const minutes = (hours: string, mm: string): number => (Number(hours) * 60 + Number(mm)) * 60_000;
  const rows = [...doc.matchAll(/^\| (\d):(\d\d) \|([^|]*)\| (yes|no) \| ([^|]*) \|/gm)];
  expect(rows.length).toBe(6);
  const orders = testSource(Order);
  await using run = await testRun(once(from(orders)));
  for (const [, hours, mm, watermark, goesOut, why] of rows) {
    const [, h, m] = /^(\d):(\d\d)$/.exec(watermark!.trim()) ?? [];
    // Another order, which is no more late than the delay, brings the watermark there.
    if (h !== undefined) orders.push(order(minutes(h, m!) + 60_000, 0, `at ${watermark!.trim()}`));
    await run.drain();
    const late = run.late;
    orders.push(order(minutes(hours!, mm!)));
    expect([hours, mm, (await run.drain()).length]).toEqual([hours, mm, goesOut === 'yes' ? 1 : 0]);
    expect(run.late - late).toBe(why!.startsWith('late') ? 1 : 0);
  }
});

test('what docs/deduplication.md says goes out of the two greatest goes out', async () => {
  const rows = [...doc.matchAll(/^\| (\d) \| (.*) ?\|$/gm)];
  expect(rows.length).toBe(5);
  const orders = testSource(Order);
  const top = from(orders).groupBy('customer').top(2, { by: 'amount' });
  await using run = await testRun(top, { mode: 'update' });
  for (const [, amount, goesOut] of rows) {
    orders.push(order(0, Number(amount)));
    expect((await run.drain()).map(({ rank, amount: of }) => `\`${rank}: ${of}\``).join(' ')).toBe(goesOut!.trim());
  }
});

test('the three largest of every minute, and the last of each customer, are found among orders that come again', async () => {
  const orders = testSource(Order);
  const fed = [
    [1, 5],
    [2, 9],
    [3, 8],
    [4, 1],
    [5, 7],
  ].map(([n, amount]) => order(n! * 1000, amount!, `${n}`, n! < 3 ? 'ann' : 'bob'));
  await using minute = await testRun(largest(once(from(orders))), { parallelism: 2 });
  orders.push(...fed, ...fed, order(120_000, 0, 'end'));
  expect((await minute.drain()).map(({ id, rank }) => `${rank} ${id}`)).toEqual(['1 2', '2 3', '3 5']);
  const again = testSource(Order);
  await using last = await testRun(latest(once(from(again))), { mode: 'complete' });
  again.push(...fed, ...fed);
  expect((await last.drain()).map(({ customer, id }) => `${customer} ${id}`)).toEqual(['ann 2', 'bob 5']);
});
