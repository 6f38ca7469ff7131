import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { from, timestamp } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { answered, Click, Shown } from '../../examples/ad-clicks.ts';
import { deliveries, names, run as runStock } from './stock-example.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/joins.md');

test('the example of docs/joins.md is the one that can be run', () => {
  const [, example] = /<!-- example: ad-clicks -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('examples/ad-clicks.ts'));
});

test('what docs/joins.md says happens to the rows of a key happens', async () => {
  const clock = (ms: number): string => `${Math.floor(ms / 3_600_000)}:${String((ms / 60_000) % 60).padStart(2, '0')}`;
  const msOf = (text: string): number => {
    const [hours, minutes] = text.split(':').map(Number);
    return (hours! * 60 + minutes!) * 60_000;
  };
  const steps = [...doc.matchAll(/^\| (?:(shown|clicked) at (\d:\d\d))? ?\| (\d:\d\d) \|[^|]*\|([^|]*)\|$/gm)];
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
