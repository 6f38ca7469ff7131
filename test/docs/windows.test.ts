import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { from, timestamp } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { closed, Event, growing } from '../../examples/carts.ts';
import { Order, perHour, soFar } from '../../examples/takings.ts';
import { means, Trade } from '../../examples/trades.ts';
import { Click, visits } from '../../examples/visits.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/windows.md');

const clock = (ms: number): string => `${Math.floor(ms / 3_600_000)}:${String((ms / 60_000) % 60).padStart(2, '0')}`;
const timeOf = (text: string) => {
  const [hours, minutes] = text.split(':').map(Number);
  return timestamp((hours! * 60 + minutes!) * 60_000);
};
const section = (title: string): string => doc.split(/^## /m).find((part) => part.startsWith(title))!;

test.each(['visits', 'takings', 'trades', 'carts'])('the example %s of docs/windows.md is the one that can be run', (name) => {
  const [, example] = new RegExp(`<!-- example: ${name} -->\\n\`\`\`ts\\n([\\s\\S]*?)\`\`\``).exec(doc)!;
  expect(example).toBe(read(`examples/${name}.ts`));
});

describe('what docs/windows.md says happens to orders in time happens,', () => {
  const tables = section('Windows that grow')
    .split('\n\n')
    .filter((part) => part.startsWith('| an order at'));
  const orders = (table: string): [string, string][] =>
    [...table.matchAll(/^\| (\d:\d\d) \|[^|]*\|([^|]*)\|/gm)].map(([, at, out]) => [at!, out!.replaceAll('`', '').trim()]);
  const shown = (rows: readonly { window: { start: number; end: number }; orders: number }[]): string =>
    rows.map(({ window, orders }) => `[${clock(window.start)}, ${clock(window.end)}) ${orders}`).join(', ');

  test.each([
    ['to windows that grow', 0, soFar, 'append', 0],
    ['to windows that are corrected', 1, perHour, 'update', 1],
  ] as const)('%s', async (_, which, query, mode, late) => {
    const rows = orders(tables[which]!);
    expect(rows.length).toBeGreaterThanOrEqual(6);
    const source = testSource(Order);
    await using run = await testRun(query(from(source)), { mode });
    for (const [at, out] of rows) {
      source.push({ shop: 'north', price: 1, at: timeOf(at) });
      expect([at, shown(await run.drain())]).toEqual([at, out]);
    }
    expect(run.late).toBe(late);
  });
});

test('what docs/windows.md says happens to trades happens', async () => {
  const rows = [...section('Windows of so many').matchAll(/^\| (\d+) \| (\d+) \|(.*?)\|$/gm)];
  expect(rows.length).toBe(5);
  const trades = testSource(Trade);
  await using run = await testRun(means(from(trades), 3, 2));
  for (const [, price, number, out] of rows) {
    trades.push({ symbol: 'ABC', price: Number(price) });
    const given = (await run.drain()).map(({ window, mean }) => `[${window.first}, ${window.last}] ${mean}`);
    expect([number, given.join()]).toEqual([number, out!.replaceAll('`', '').trim()]);
  }
});

describe('what docs/windows.md says happens to a cart happens,', () => {
  const rows = [...section('Windows that never end').matchAll(/^\| (\d:\d\d) \| (add|pay) (\d+) \|[^|]*\|([^|]*)\|([^|]*)\|$/gm)];

  test.each([
    ['where it is closed', 4, closed, 'append'],
    ['where it grows', 5, growing, 'update'],
  ] as const)('%s', async (_, column, query, mode) => {
    expect(rows.length).toBe(7);
    const events = testSource(Event);
    await using run = await testRun(query(from(events)) as never, { mode });
    for (const row of rows) {
      const [, at, kind, price] = row;
      events.push({ cart: 'c', kind: kind as 'add', price: Number(price), at: timeOf(at!) });
      const out = ((await run.drain()) as { items: number; worth: number }[]).map(
        ({ items, worth }) => `${items} items, ${worth}`,
      );
      expect([at, out.join()]).toEqual([at, row[column]!.replaceAll('`', '').trim()]);
    }
    expect(run.late).toBe(0);
  });
});

test('what docs/windows.md says happens to clicks in time happens', async () => {
  const rows = [...section('Sessions').matchAll(/^\| (\d):(\d\d) \|[^|]*\| ([^|]*) \|/gm)];
  expect(rows.length).toBe(6);
  const clicks = testSource(Click);
  await using run = await testRun(visits(from(clicks)), { mode: 'complete' });
  const closed = new Set<string>();
  for (const [, hours, minutes, sessions] of rows) {
    clicks.push({ user: 'ann', page: 'home', spent: 1, at: timestamp((Number(hours) * 60 + Number(minutes)) * 60_000) });
    const table = (await run.drain()).map(({ window }) => `[${clock(window.start)}, ${clock(window.end)})`);
    const open = [...sessions!.matchAll(/`(.*?)`/g)].map(([, session]) => session!);
    expect(table.filter((session) => !closed.has(session))).toEqual(open);
    if (Number(hours) === 1) closed.add('[0:00, 1:08)');
  }
  expect(run.late).toBe(1);
});
