// The example of docs/time.md, and what is said there of its runs.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { from, type Params, start } from 'weir';
import { testRun, testSource } from 'weir/testing';
import inbox from '../../examples/inbox.ts';
import { answered, Clicked, Shown } from './aligned-example.ts';
import { perHour, Reading } from './hours-example.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/time.md');

const hourOf = (line: string): string =>
  new Date((JSON.parse(line) as { window: { start: number } }).window.start).toISOString().slice(11, 16);

test.each([
  ['inbox', 'examples/inbox.ts'],
  ['hours', 'test/docs/hours-example.ts'],
  ['aligned', 'test/docs/aligned-example.ts'],
])('the example %s of docs/time.md is the one that can be run', (name, path) => {
  const [, example] = new RegExp(`<!-- example: ${name} -->\\n\`\`\`ts\\n([\\s\\S]*?)\`\`\``).exec(doc)!;
  expect(example).toBe(read(path));
});

test('its hours are over with the first row of the hour after the next', async () => {
  const readings = testSource(Reading);
  await using run = await testRun(perHour(from(readings)));
  readings.push({ device: 'd', at: '2026-01-01T10:20:00Z' }, { device: 'd', at: '2026-01-01T11:59:00Z' });
  expect(await run.drain()).toEqual([]);
  readings.push({ device: 'd', at: '2026-01-01T12:00:00Z' });
  expect((await run.drain()).map(({ count }) => count)).toEqual([1]);
});

test('its sources that run apart wait for each other, and what is joined is the same', async () => {
  const [shown, clicked] = [testSource(Shown), testSource(Clicked)];
  await using run = await testRun(answered(from(shown), from(clicked)));
  const at = (minutes: number): number => minutes * 60_000;
  for (let hour = 0; hour < 5; hour++) {
    clicked.push({ adId: 'a', clickedAt: at(hour * 60 + 30) });
    expect(await run.drain()).toEqual([]);
  }
  shown.push({ adId: 'a', shownAt: at(20) }, { adId: 'a', shownAt: at(260) });
  clicked.end();
  shown.end();
  expect((await run.drain()).map(({ clickedAt }) => clickedAt)).toEqual([at(30), at(270)]);
});

test('its runs give the hours that docs/time.md says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-time-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('inbox'));
  const put = (name: string, from: string, to: string): void => {
    const lines: string[] = [];
    const end = Date.parse(`2026-01-01T${to}Z`);
    for (let ms = Date.parse(`2026-01-01T${from}Z`); ms <= end; ms += 300_000)
      lines.push(JSON.stringify({ device: 'd', temperature: 20, at: new Date(ms).toISOString() }));
    writeFileSync(at(`inbox/${name}`), `${lines.join('\n')}\n`);
  };
  const files: Readonly<Record<string, () => void>> = {
    'files a, b': () => (put('a', '09:00', '10:30'), put('b', '10:35', '11:20')),
    'file c': () => put('c', '11:25', '13:40'),
    'nothing new': () => undefined,
  };
  const params = { string: (key: string) => at({ folder: 'inbox', out: 'hours.jsonl' }[key]!) } as unknown as Params;
  let before = 0;
  const runs = [
    ...doc.matchAll(/^run \d\s+([^:]*?)(?::.*?)?\s{2,}watermark \d\d:\d\d\s+goes out: (.*?)(?:\s{2,}stays open.*)?$/gm),
  ];
  expect(runs.length).toBe(3);
  for (const [, what, out] of runs) {
    files[what!]!();
    const job = await start(inbox(params), { stateDir: at('state'), trigger: 'available-now' });
    await job.finished;
    const hours = readFileSync(at('hours.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    const given = hours.slice(before).map((line) => hourOf(line).replace(/^0/, ''));
    before = hours.length;
    expect([what, given.join(', ') || 'nothing']).toEqual([what, out]);
  }
});
