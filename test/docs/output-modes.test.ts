// docs/output-modes.md says what src/plan/output-modes.ts says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outputModes } from '../../src/plan/index.ts';
import { changes } from './changes-example.ts';
import { hourly } from './modes-example.ts';
import { categories } from './products-example.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/output-modes.md');
const modes = ['append', 'update', 'complete'] as const;

test('the table of docs/output-modes.md is the one that types and planner read', () => {
  const reasons = new Map([...doc.matchAll(/^(\d)\. (.*)$/gm)].map(([, number, reason]) => [number!, `✗ ${reason!}`]));
  const rows = [...doc.matchAll(/^\|[^|]*\| `(\w+)` \| (\w+) \| (\w+) \| (\w+) \|$/gm)];
  const said = rows.map(([, kind, ...cells]) => [
    kind!,
    Object.fromEntries(modes.map((mode, i) => [mode, cells[i] === 'yes' ? true : reasons.get(cells[i]!)])),
  ]);
  expect(Object.fromEntries(said) as unknown).toEqual(outputModes);
});

test('the example of docs/output-modes.md is the one that runs here, and gives what is said of it', async () => {
  const [, example] = /<!-- example: modes -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('test/docs/modes-example.ts'));
  const rows = [...doc.matchAll(/^\| (\d):(\d\d) \| [\d:]+ \|([ \d]*)\|([ \d]*)\|([ \d]*)\|$/gm)];
  expect(rows.length).toBe(4);
  const times = rows.map(([, hours, minutes]) => (Number(hours) * 60 + Number(minutes)) * 60_000);
  for (const [i, mode] of modes.entries()) {
    const written = rows.map((cells) => (cells[i + 3]!.trim() === '' ? [] : [Number(cells[i + 3])]));
    expect([mode, await hourly(mode, ...times)]).toEqual([mode, written]);
  }
});

test('what its table says of rows that change is what becomes of them', async () => {
  const [, example] = /<!-- example: changes -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('test/docs/changes-example.ts'));
  const rows = [...doc.matchAll(/^\| \d \| ((?:\w \d+(?:, )?)+) \|[^|]*\|([^|]*)\|$/gm)];
  expect(rows.length).toBe(3);
  const bids = rows.map(([, said]) =>
    said!.split(', ').map((bid): [string, string, number] => [bid.split(' ')[0]!, 'x', Number(bid.split(' ')[1])]),
  );
  const told = (await changes(...bids)).map((epoch) =>
    (epoch as { op: string; auctions: number; mean: number }[]).map(
      ({ op, auctions, mean }) => `${op} ${auctions} auctions, mean ${mean}`,
    ),
  );
  expect(told.map((each) => each.join('; '))).toEqual(rows.map(([, , said]) => said!.trim()));
});

test('what its table says of products is what becomes of them', async () => {
  const [, example] = /<!-- example: products -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('test/docs/products-example.ts'));
  const rows = [...doc.matchAll(/^\| \d \| ((?:[cud] [a-z](?: \w+ \d+)?(?:, )?)+) \|([^|]*)\|$/gm)];
  expect(rows.length).toBe(3);
  const told = rows.map(([, said]) =>
    said!.split(', ').map((each) => {
      const [op, id, category, price] = each.split(' ') as [string, string, string?, string?];
      const row = { id, category: category ?? 'of old', price: Number(price ?? 0) };
      return { op, before: op === 'c' ? null : row, after: op === 'd' ? null : row };
    }),
  );
  const became = (await categories(...told)).map((epoch) =>
    (epoch as { op: string; category: string; products: number; mean: number }[]).map(
      ({ op, category, products, mean }) => `${op} ${category}: ${products}, mean ${mean}`,
    ),
  );
  expect(became.map((each) => each.join('; '))).toEqual(rows.map(([, , said]) => said!.trim()));
});
