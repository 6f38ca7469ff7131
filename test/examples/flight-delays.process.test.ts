import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Folder, type Program, reportOf, root } from '../service/weir-process.ts';
import { type Flight, flightDelays } from './flight-reference.ts';

const job = join(root, 'examples/flight-delays.ts');
const lines = (folder: Folder, path: string): string[] => readFileSync(join(folder.path, path), 'utf8').split('\n').slice(0, -1);
const run = (folder: Folder, ...args: string[]): Program => folder.weir('run', job, '--checkpoint-interval', '100', ...args);

let expected: ReturnType<typeof flightDelays>;
let undisturbed: { readonly result: string[]; readonly late: string[]; readonly stdout: string; readonly report: unknown };

beforeAll(async () => {
  using folder = new Folder();
  const end = await run(folder, '--', 'rate=0').ended;
  expect({ code: end.code, stderr: end.stderr.match(/weir: E_.*/)?.[0] }).toEqual({ code: 0, stderr: undefined });
  const flights = lines(folder, '.weir/flights.jsonl').map((line) => JSON.parse(line) as Flight);
  expected = flightDelays(flights);
  undisturbed = {
    result: lines(folder, 'out/result.jsonl'),
    late: lines(folder, 'out/late.jsonl'),
    stdout: end.stdout,
    report: reportOf(end),
  };
});

describe('the main job', () => {
  test('counts, averages and maxima are those of a plain computation, in its order', () => {
    expect(undisturbed.result).toEqual(expected.result);
    expect(undisturbed.result.length).toBe(6900);
  });

  test('the rows that came too late are set aside, as they are', () => {
    expect(undisturbed.late.length).toBe(26);
    const ofInterest = ({ delay, distance, origin, destination }: Flight) => ({ delay, distance, origin, destination });
    expect(undisturbed.late.map((line) => ofInterest(JSON.parse(line) as Flight))).toEqual(expected.late.map(ofInterest));
  });

  test('prints a readable result, and the report last', () => {
    expect(undisturbed.stdout).toMatch(
      /Longest average departure delay[\s\S]*Shortest[\s\S]*26 came too late[\s\S]*20000 rows in, \d+ checkpoints, 0 restores/,
    );
    expect(undisturbed.report).toEqual({
      job: 'flight-delays',
      epoch: expect.any(Number),
      restoredFrom: null,
      position: 0,
      rowsIn: 20_000,
      rowsOut: 6926,
      rowsLate: 26,
      deadLetters: 0,
      restarts: 0,
    });
  });

  test('killed again and again it goes on from its checkpoints, and its files are those of an undisturbed run', async () => {
    using folder = new Folder();
    for (let kill = 0; kill < 3; kill++) {
      const life = run(folder, '--', 'rate=4000');
      await life.says(/epoch [1-9]\d* \| running/);
      life.child.kill('SIGKILL');
      await life.ended;
      const written = lines(folder, 'out/result.jsonl');
      expect(written).toEqual(undisturbed.result.slice(0, written.length));
    }
    const last = await run(folder, '--', 'rate=0').ended;
    expect(last.stdout).toMatch(/^flight-delays goes on from checkpoint \d+ \(epoch \d+, position [1-9]\d*\)/m);
    expect([last.code, lines(folder, 'out/result.jsonl'), lines(folder, 'out/late.jsonl')]).toEqual([
      0,
      undisturbed.result,
      undisturbed.late,
    ]);
    const { position, rowsIn } = reportOf(last) as { position: number; rowsIn: number };
    expect(position).toBeGreaterThan(0);
    expect(position + rowsIn).toBe(20_000);
  });

  test('at parallelism 4 its files hold the same lines', async () => {
    using folder = new Folder();
    const { code } = await run(folder, '--parallelism', '4', '--', 'rate=0').ended;
    expect([code, lines(folder, 'out/result.jsonl').sort(), lines(folder, 'out/late.jsonl').sort()]).toEqual([
      0,
      [...undisturbed.result].sort(),
      [...undisturbed.late].sort(),
    ]);
  });
});
