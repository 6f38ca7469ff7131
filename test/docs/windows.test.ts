import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { from, timestamp } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { Click, visits } from '../../examples/visits.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/windows.md');

test('the example of docs/windows.md is the one that can be run', () => {
  const [, example] = /<!-- example: visits -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('examples/visits.ts'));
});

test('what docs/windows.md says happens to rows in time happens', async () => {
  const clock = (ms: number): string => `${Math.floor(ms / 3_600_000)}:${String((ms / 60_000) % 60).padStart(2, '0')}`;
  const rows = [...doc.matchAll(/^\| (\d):(\d\d) \|[^|]*\| ([^|]*) \|/gm)];
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
