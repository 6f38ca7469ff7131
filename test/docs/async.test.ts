import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { from, timestamp } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { Order, riskAt, scored } from '../../examples/order-risks.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/async.md');
const order = (orderId: string, placedAt = 0) => ({ orderId, amount: 1, placedAt: timestamp(placedAt) });

test('the example of docs/async.md is the one that can be run', () => {
  const [, example] = /<!-- example: order-risks -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('examples/order-risks.ts'));
});

test.each([true, false])('what docs/async.md says goes out of four orders goes out (ordered: %s)', async (ordered) => {
  const steps = [...doc.matchAll(/^\| ([a-d]) is answered \| ([^|]*) \| ([^|]*) \|$/gm)];
  expect(steps.length).toBe(4);
  const orders = testSource(Order);
  const answers = new Map<string, (risk: number) => void>();
  const riskOf = ({ orderId }: { readonly orderId: string }): Promise<number> =>
    new Promise((resolve) => answers.set(orderId, resolve));
  await using run = await testRun(scored(from(orders), riskOf, { ordered }));
  orders.push(...['a', 'b', 'c'].map((id) => order(id)));
  orders.watermark(timestamp(3_600_000));
  orders.push(order('d', 3_600_000));
  expect(await run.drain()).toEqual([]);
  for (const [, id, inOrder, asTheyCome] of steps) {
    answers.get(id!)!(0.5);
    const said = (ordered ? inOrder : asTheyCome)!.split(', ').filter((each) => each !== '–');
    expect((await run.drain()).map(({ orderId }) => orderId)).toEqual(said);
  }
});

test('orders get their risks over HTTP, in order, though some calls fail', async () => {
  let failures = 2;
  const server = createServer((request, response) => {
    if (failures-- > 0) return void response.writeHead(503).end();
    const id = new URL(request.url!, 'http://x').searchParams.get('order')!;
    response.end(JSON.stringify(Number(id) / 10));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const ids = Array.from({ length: 50 }, (_, i) => String(i));
    const rows = from(ids.map((id) => order(id))).map((row) => row, Order);
    const risks: number[] = [];
    for await (const { risk } of scored(rows, riskAt(`http://127.0.0.1:${port}/`)).rows()) risks.push(risk);
    expect(risks).toEqual(ids.map((id) => Number(id) / 10));
  } finally {
    server.close();
  }
});
