// `start(URL)`: a program of a user's that runs a job over several processes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, inject, test } from 'vitest';
import { natsServerBinary } from '../nats/server.ts';
import { type Ended, Folder, Program, root } from './weir-process.ts';

beforeEach(({ skip }) => {
  const { skipped } = inject('natsServer');
  if (skipped !== undefined) skip(skipped);
});

const weir = pathToFileURL(join(root, 'dist/index.js')).href;
const flights = pathToFileURL(join(root, 'examples/flight-delays.ts')).href;

/** Runs the main job by `start`, says what `progress()` gave and the report. */
const program = `
import { start } from ${JSON.stringify(weir)};
const [options] = process.argv.slice(2).map((word) => JSON.parse(word));
const job = await start(new URL(${JSON.stringify(flights)}), options);
let epochs = 0;
for await (const { rowsIn } of job.progress()) if (rowsIn > 0) epochs++;
console.log(JSON.stringify({ epochs: epochs > 0, ...(await job.finished) }));
`;

const run = (folder: Folder, options: object): Promise<Ended> =>
  new Program(process.execPath, ['program.mjs', JSON.stringify(options)], folder.path, {
    environment: { NATS_SERVER_BIN: natsServerBinary() },
  }).ended;
const last = ({ stdout }: Ended): unknown => JSON.parse(stdout.trimEnd().split('\n').at(-1)!);

test('a module runs in this process, or in three, with the same result', { timeout: 120_000 }, async () => {
  using folder = new Folder({ 'program.mjs': program });
  const results: string[][] = [];
  for (const [name, workers] of [
    ['one', 1],
    ['three', 2],
  ] as const) {
    const options = { workers, stateDir: `state-${name}`, params: { output: name, rate: 10_000 } };
    const ended = await run(folder, options);
    expect([ended.code, ended.stderr.trim()]).toEqual([0, '']);
    expect(last(ended)).toMatchObject({ epochs: true, rowsIn: 20_000, rowsLate: 26, restarts: 0 });
    results.push(
      readFileSync(join(folder.path, name, 'result.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .sort(),
    );
  }
  expect(results[1]).toEqual(results[0]);
});

test.each([
  [{ params: { outptu: 'x' } }, "unknown parameter 'outptu'"],
  [{ transport: 'pigeon' }, "there is no transport 'pigeon'"],
])('is refused with %o', async (options, message) => {
  using folder = new Folder({ 'program.mjs': program });
  const { code, stderr } = await run(folder, options);
  expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
});
