// What exactly-once checkpoints cost each second: a job with a million keys, of which one in a hundred is touched in an epoch, with
// checkpoints and without. It reads as fast as it can, so that they cost time and not leisure. At that speed it would pass the bytes after
// which a job takes a checkpoint before its interval is over: neither job minds them, or else it would be more than one a second.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runNode, weir } from '../contestant.mjs';
import { ratio, rounds } from '../pairs.mjs';

const goal = 1.05;
const intervalMs = 1000;
const touchedShare = 0.01;
const settleSeconds = 4;
const every = (ms) => ['--checkpoint-interval', String(ms), '--break', 'no-epoch-budget'];
const each = every(intervalMs);
const never = every(86_400_000);

async function outcome(flags, params, folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { out } = await runNode(weir('bench/checkpoints/job.ts', 'state', flags, params), { folder });
  const [first, last] = (await readFile(join(folder, 'marks.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { epoch } = JSON.parse(out.trim().split('\n').at(-1));
  return {
    wallMs: last.at - first.at,
    cpuMs: (last.cpu.user + last.cpu.system - first.cpu.user - first.cpu.system) / 1000,
    epoch,
    hash: createHash('sha256')
      .update(await readFile(join(folder, 'samples.jsonl')))
      .digest('hex'),
  };
}

export async function checkpoints({ folder, pairs, quick, say }) {
  const keys = quick ? 100_000 : 1_000_000;
  const seconds = quick ? 3 : 10;
  const common = { keys, touched: keys * touchedShare };
  // How many rows pass in an epoch is this machine's; without counting the run that finds it out.
  const trial = { ...common, perEpoch: 200_000, settling: quick ? 500_000 : 4_000_000, measured: quick ? 500_000 : 4_000_000 };
  const { wallMs } = await outcome(never, trial, folder);
  const perEpoch = Math.round((trial.measured / wallMs) * intervalMs);
  const params = { ...common, perEpoch, settling: settleSeconds * perEpoch, measured: seconds * perEpoch };
  say(`${perEpoch} rows an epoch, ${params.touched} keys touched in each, ${seconds} epochs`);
  const results = await rounds(
    pairs,
    { checkpointed: () => outcome(each, params, folder), without: () => outcome(never, params, folder) },
    (n, { checkpointed: one, without: other }) =>
      say(
        `pair ${n + 1}: ${Math.round(one.cpuMs)} ms CPU in ${Math.round(one.wallMs)} ms, ${one.epoch} checkpoints; ` +
          `without ${Math.round(other.cpuMs)} ms in ${Math.round(other.wallMs)} ms`,
      ),
  );
  const hashes = new Set(results.flatMap(({ checkpointed, without }) => [checkpointed.hash, without.hash]));
  const measure = (what, figure) => {
    const found = ratio(results, 'checkpointed', 'without', figure);
    return { what, unit: 'ms', ...found, goal: `<= ${goal}`, met: found.ratio <= goal };
  };
  return {
    what: `a job with ${keys} keys, ${touchedShare * 100} % touched in an epoch of ${intervalMs} ms, with checkpoints and without`,
    fault: hashes.size === 1 ? undefined : 'the samples differ',
    measures: [
      measure(`CPU time of ${params.measured} rows, with checkpoints / without`, ({ cpuMs }) => cpuMs),
      measure(`wall time of ${params.measured} rows, with checkpoints / without`, ({ wallMs }) => wallMs),
    ],
  };
}
