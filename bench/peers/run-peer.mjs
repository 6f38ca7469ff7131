// Runs one query of the benchmark on one peer. To import, or as a program:
//   node bench/peers/run-peer.mjs PEER QUERY --input FILE --work FOLDER [--passes 2] [--mini-batch] [--rocksdb] [--updates each] [--parts N]
//     [--bytes-per-trigger N] [--memory 4g] [--against RESULT]
// prints a line of JSON. `--against`: compares the result with another one, and exits with 1 if they differ.
//
// Owns: the words that each peer is started with, the form of its input, and what is made of what it says. Does not own: how a peer is
// built (prepare-peer.mjs), what its result should be (compare-results.mjs).
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareResults, countResults } from './compare-results.mjs';
import { interleaved, sliced } from './input-parts.mjs';
import { peerNames, preparePeer } from './prepare-peer.mjs';
import { runTree } from './process-tree.mjs';
import { missingFrom, queryNamed, queryNames } from './queries.mjs';
import { countRows, readRows } from './result-files.mjs';

export { peerNames, preparePeer } from './prepare-peer.mjs';

const defaults = { passes: 2, parts: 2, bytesPerTrigger: 64 << 20, memory: '4g', timeoutMs: 540_000 };

/** Spark closes no window at the end of its input: a bid from far ahead does, and no window of its own ever closes. */
const closingBid = {
  ...{ event_type: 2, auction: 0, bidder: 0, price: 0, channel: '', url: '' },
  ...{ dateTime: '2100-01-01T00:00:00.000Z', extra: '' },
};

/** How each peer wants its input, and which words are its own. */
const habits = {
  // A source of Flink reads a file by itself, and checkpoints stop when one of two sources has ended before the other.
  flink: async ({ input, work, parts, miniBatch }) => ({
    input: parts === 1 ? input : await interleaved(input, work, parts),
    words: ['--parallelism', '2', ...(miniBatch ? ['--mini-batch'] : [])],
    checkpoints: true,
  }),
  // A micro-batch of Spark takes whole files.
  spark: async ({ query, input, work, bytesPerTrigger, memory, rocksdb }) => ({
    input: await sliced(input, work, bytesPerTrigger, queryNamed(query).windowed ? [closingBid] : []),
    words: ['--bytes-per-trigger', String(bytesPerTrigger), '--memory', memory, ...(rocksdb ? ['--rocksdb'] : [])],
    checkpoints: true,
  }),
  duckdb: async ({ input }) => ({ input, words: [], checkpoints: false }),
  hand: async ({ input, updates }) => ({
    input,
    words: updates === undefined ? [] : ['--updates', updates],
    checkpoints: false,
  }),
};

/**
 * @param {string} name of a peer that has been prepared, or can be now
 * @param {object} options `query`; `input`, a file of JSON lines; `output`, a folder that is emptied, with a folder for each pass; `work`, a
 *   folder beside it for checkpoints, and for the input in parts, which are kept for the next run; the rest as in `defaults`
 * @returns `{ skipped }`, or what the passes cost: `startMs` from the start of the process to the first row read, `wallMs` from there to the
 *   last result committed in the first pass, `steadyWallMs` likewise in the last; `cpuMs` of the last pass, `coldCpuMs` of the process up to
 *   the end of the first, `totalCpuMs` to the end of the last; `othersCores` that the rest of the machine kept busy; `rows` of the result, `emissions` that were written for it, `result`, the folder of the last pass
 */
export async function runPeer(name, options) {
  const missing = peerNames.includes(name) ? missingFrom(name, options.query) : undefined;
  if (missing !== undefined) return { skipped: missing };
  const prepared = await preparePeer(name);
  if (prepared.skipped !== undefined) return { skipped: prepared.skipped };
  const asked = { ...defaults, ...options };
  const { query, output, work, passes, memory, timeoutMs } = asked;
  const { key } = queryNamed(query);
  const checkpoints = join(work, 'checkpoints');
  for (const folder of [output, checkpoints]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  const { input, words, checkpoints: checkpointing } = await habits[name](asked);
  const all = [
    ...prepared.words(memory),
    ...['--query', query, '--input', input, '--output', output, '--passes', String(passes)],
    ...(checkpointing ? ['--checkpoints', checkpoints] : []),
    ...words,
  ];
  const env = { PEER_STARTED_MS: String(Date.now()), SPARK_LOCAL_IP: '127.0.0.1', LC_ALL: 'C.UTF-8' };
  const { out, peakRssBytes, machineCpuMs, lifeMs } = await runTree(prepared.program, all, { env, timeoutMs });
  await rm(checkpoints, { recursive: true, force: true });
  const result = join(output, `pass-${passes}`);
  const counted = key === undefined ? undefined : countResults(query, readRows(result));
  const emissions = counted?.emissions ?? countRows(result);
  const cost = costs(out, passes);
  const othersCores = machineCpuMs === undefined ? undefined : Math.max(0, machineCpuMs - cost.totalCpuMs) / lifeMs;
  return { ...cost, peakRssBytes, othersCores, rows: counted?.rows ?? emissions, emissions, result };
}

/** What the program said of its passes. */
function costs(out, passes) {
  const said = out.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  if (said.length !== passes) throw new Error(`${passes} passes were asked for, and this was said of them:\n${out}`);
  const [first, last] = [said[0], said[said.length - 1]];
  return {
    startMs: first.startMs,
    wallMs: first.wallMs,
    steadyWallMs: last.wallMs,
    cpuMs: last.cpuMs,
    coldCpuMs: first.processCpuMs,
    totalCpuMs: last.processCpuMs,
    ...(last.checkpoints === undefined ? {} : { checkpoints: last.checkpoints }),
  };
}

function usage(said) {
  process.stderr.write(
    `${said}\nusage: run-peer.mjs ${peerNames.join('|')} ${queryNames.join('|')} --input FILE --work FOLDER …\n`,
  );
  process.exit(2);
}

async function main() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1)); // and the peer with us
  const text = { type: 'string' };
  const flag = { type: 'boolean' };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...{ input: text, work: text, passes: text, parts: text, memory: text, updates: text, against: text },
      ...{ 'bytes-per-trigger': text, 'mini-batch': flag, rocksdb: flag },
    },
  });
  const [name, query] = positionals;
  if (!peerNames.includes(name) || !queryNames.includes(query)) usage('which peer, and which query?');
  if (values.input === undefined || values.work === undefined) usage('from where, and to where?');
  const { input, work, against, memory, updates, rocksdb } = values;
  const numbers = { passes: values.passes, parts: values.parts, bytesPerTrigger: values['bytes-per-trigger'] };
  const given = Object.entries(numbers).flatMap(([key, value]) => (value === undefined ? [] : [[key, Number(value)]]));
  const output = join(work, `${name}-${query}`);
  const asked = { query, input, work, output, updates, rocksdb, miniBatch: values['mini-batch'], ...Object.fromEntries(given) };
  const found = await runPeer(name, memory === undefined ? asked : { ...asked, memory });
  const compared =
    against === undefined || found.skipped !== undefined
      ? undefined
      : compareResults(query, readRows(against), readRows(found.result));
  process.stdout.write(`${JSON.stringify({ peer: name, query, input: basename(input), ...found, compared })}\n`);
  if (compared !== undefined && !compared.equal) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
