import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { from, timestamp } from 'weir';
import { testRun, testSource } from 'weir/testing';
import { Reading, silence, unheard } from '../../examples/silent-devices.ts';
import { Click, repeated } from './fading-example.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const doc = read('docs/state.md');
const minute = 60_000;

test('the example of docs/state.md is the one that can be run', () => {
  const [, example] = /<!-- example: silent-devices -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('examples/silent-devices.ts'));
});

test('what docs/state.md says happens to readings in time happens, also if the job dies after each', async () => {
  const rows = [...doc.matchAll(/^\| (lamp|door) \| 0:(\d\d) \|[^|]*\|[^|]*\|([^|]*)\|$/gm)];
  expect(rows.length).toBe(6);
  const readings = testSource(Reading);
  await using run = await testRun(silence(from(readings)));
  for (const [, deviceId, at, said] of rows) {
    readings.push({ deviceId: deviceId!, at: timestamp(Number(at) * minute) });
    const notices = (await run.drain()).filter((notice) => notice.deviceId === 'lamp');
    const wanted = /^`(silent|back)`(?: since 0:(\d\d))?/.exec(said!.trim());
    const since = timestamp(Number(wanted?.[2] ?? at) * minute);
    expect(notices).toEqual(wanted === null ? [] : [{ deviceId: 'lamp', status: wanted[1], since }]);
    await run.crash();
  }
});

test('by the clock a device is unheard of once a minute has gone by, and its readings are forgotten after an hour', async () => {
  const readings = testSource(Reading);
  await using run = await testRun(unheard(from(readings)));
  const push = (deviceId: string): void => readings.push({ deviceId, at: 0 });
  push('lamp');
  await run.advance('59 seconds');
  push('lamp');
  push('door');
  await run.advance('59 seconds');
  expect(await run.drain()).toEqual([]);
  await run.advance('1 second');
  expect((await run.drain()).toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1))).toEqual([
    { deviceId: 'door', readings: 1 },
    { deviceId: 'lamp', readings: 2 },
  ]);
  await run.advance('3450 seconds');
  push('lamp');
  await run.advance('1 minute');
  expect(await run.drain()).toEqual([{ deviceId: 'lamp', readings: 2 }]);
});

test('what docs/state.md says of clicks is found and forgotten, also if the job dies after each', async () => {
  const [, example] = /<!-- example: fading -->\n```ts\n([\s\S]*?)```/.exec(doc)!;
  expect(example).toBe(read('test/docs/fading-example.ts'));
  const rows = [...doc.matchAll(/^\| 12:(\d\d)[^|]*\| (?:(\d\d):(\d\d) )?\| (nothing|\d) \|/gm)];
  expect(rows.length).toBe(5);
  const clicks = testSource(Click);
  await using run = await testRun(repeated(from(clicks)));
  for (const [, at, hours, minutes, found] of rows) {
    // Somebody else raises the watermark.
    if (hours !== undefined)
      clicks.push({ user: 'other', ad: `${at}`, at: timestamp((Number(hours) * 60 + Number(minutes) + 1) * minute) });
    clicks.push({ user: 'u', ad: 'a', at: timestamp((12 * 60 + Number(at)) * minute) });
    const before = found === 'nothing' ? 0 : Number(found);
    expect(await run.drain()).toEqual(before === 0 ? [] : [{ user: 'u', ad: 'a', times: before + 1 }]);
    await run.crash();
  }
});
