// One run of a query in Weir, as anybody would run it: what it cost, and where its result is.
//
// CPU time is that of all its Node processes, each of which says what it took when it ends (meter.mjs); a private nats-server's is not in
// it. What the start of the same processes costs is measured by runs over a single event, and their median taken off: steady is what remains.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../contestant.mjs';
import { median } from '../pairs.mjs';
import { runTree } from '../peers/process-tree.mjs';
import { oneProcess } from '../transports.mjs';

/** A start that stalls, as one in hundreds does, is none to take off. */
const starts = 3;
const meter = join(root, 'bench/meter.mjs');
/** The one event that shows what starting and ending costs. */
const onlyEvent = {
  ...{ event_type: 0, id: 1, name: '', emailAddress: '', creditCard: '', city: '', state: '' },
  ...{ dateTime: '2015-07-14T23:58:20.000Z', extra: '' },
};

async function costOf({ query, input, output, folder, workers, transport = oneProcess, timeoutMs }) {
  const readings = join(folder, 'readings');
  for (const each of [readings, join(folder, 'state'), output]) await rm(each, { recursive: true, force: true });
  await mkdir(readings, { recursive: true });
  await mkdir(output, { recursive: true });
  const words = [
    join(root, 'dist/service/bin.js'),
    ...[
      'run',
      join(root, 'bench/nexmark/queries.ts'),
      ...transport.words(workers),
      '--state-dir',
      join(folder, 'state'),
      '--fresh',
      '--',
    ],
    ...[`query=${query}`, `input=${input}`, `output=${output}`, `splits=${workers}`],
  ];
  const env = {
    NODE_OPTIONS: `--import ${meter}`,
    WEIR_BENCH_METER: join(readings, '%p'),
    ...(await transport.environment()),
  };
  const { peakRssBytes, lifeMs } = await runTree(process.execPath, words, { env, timeoutMs });
  const spent = await Promise.all(
    (await readdir(readings)).map(async (name) => Number(await readFile(join(readings, name), 'utf8'))),
  );
  return { wallMs: lifeMs, cpuMs: spent.reduce((sum, ms) => sum + ms, 0), peakRssBytes };
}

/**
 * @param {object} options `workers` and `transport` (one of transports.mjs; without, one process), the rest as run-peer.mjs has it
 * @returns `{ startMs, steadyWallMs, cpuMs, coldCpuMs, peakRssBytes, result }`, in the words of run-peer.mjs
 */
export async function runWeir(options) {
  const { folder, output } = options;
  await mkdir(folder, { recursive: true });
  const single = join(folder, 'single.jsonl');
  await writeFile(single, `${JSON.stringify(onlyEvent)}\n`);
  const begun = [];
  for (let i = 0; i < starts; i++) begun.push(await costOf({ ...options, input: single, output: join(folder, 'single-result') }));
  const start = { wallMs: median(begun.map(({ wallMs }) => wallMs)), cpuMs: median(begun.map(({ cpuMs }) => cpuMs)) };
  const whole = await costOf(options);
  return {
    startMs: start.wallMs,
    wallMs: whole.wallMs,
    steadyWallMs: whole.wallMs - start.wallMs,
    cpuMs: whole.cpuMs - start.cpuMs,
    coldCpuMs: whole.cpuMs,
    peakRssBytes: whole.peakRssBytes,
    result: output,
  };
}
