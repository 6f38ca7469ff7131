// What more workers gain, and what more state costs.
//
// Workers: a query of the Nexmark benchmark from file to file, by one worker and by two, over each transport; throughput without the start
// and the end of the processes, results compared. What the machine has to give: two jobs side by side, which know nothing of each other, each over
// half of it, against one job over all of it, each in one process. State: the job of bench/keyed-state, whose rows touch all of its keys in no order, with
// few keys and with many; the more keys, the more of them are in a checkpoint, so this is shown without checkpoints too.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keyedRun } from '../keyed-state/keyed-run.mjs';
import { memoryFolder, writeEvents } from '../nexmark/input.mjs';
import { runWeir } from '../nexmark/weir-run.mjs';
import { median, ratio, rounds } from '../pairs.mjs';
import { compareResults } from '../peers/compare-results.mjs';
import { readRows } from '../peers/result-files.mjs';
import { transports } from '../transports.mjs';

const goals = { workers: 1.7, state: 2 };
const timeoutMs = 600_000;
export const usualPairs = 3;

const phasesOf = (seconds) => ({
  checkpointed: { intervalMs: 1000, seconds, checkpoints: true },
  without: { intervalMs: 1000, seconds, checkpoints: false },
});
const wholeForm = { events: 2_000_000, keys: [1000, 100_000, 1_000_000, 10_000_000], phases: phasesOf(5), settleMs: 2000 };
const quickForm = { events: 50_000, keys: [1000, 100_000], phases: phasesOf(1), settleMs: 100 };

const seconds = (ms) => (ms / 1000).toFixed(2);

/** @returns its measures, and a fault if a result is not that of the first run */
async function workers(query, { pairs, say, events }, { folder, input, half }) {
  let first;
  let fault;
  const run = (transport, count) => async (round) => {
    const output = join(folder, `${transport}-${count}-${round}`);
    const found = await runWeir({
      ...{ query, input, output, folder: join(folder, 'weir'), timeoutMs },
      ...{ workers: count, transport: transports[transport] },
    });
    first ??= output;
    const { equal } = output === first ? { equal: true } : compareResults(query, readRows(first), readRows(output));
    if (!equal) fault ??= `${query}: ${count} workers over ${transport} give something else than the first run`;
    if (output !== first) await rm(output, { recursive: true, force: true });
    return found;
  };
  const inOneProcess = (of, name) => async (round) => {
    const output = join(folder, `${name}-${round}`);
    const found = await runWeir({ query, input: of, output, folder: join(folder, name), timeoutMs, workers: 1 });
    await rm(output, { recursive: true, force: true });
    return found;
  };
  const sideBySide = async (round) => {
    const both = await Promise.all(['first', 'second'].map((name) => inOneProcess(half, name)(round)));
    const of = (figure) => both.map((one) => one[figure]);
    const cpuMs = of('cpuMs').reduce((sum, ms) => sum + ms);
    return { cpuMs, steadyWallMs: Math.max(...of('steadyWallMs')), startMs: Math.max(...of('startMs')) };
  };
  const names = Object.keys(transports);
  const programs = {
    ...Object.fromEntries(names.flatMap((name) => [1, 2].map((count) => [`${name} ${count}`, run(name, count)]))),
    'one job': inOneProcess(input, 'alone'),
    'two jobs': sideBySide,
  };
  const results = await rounds(pairs, programs, (n, result) => {
    for (const [name, { steadyWallMs, cpuMs, startMs }] of Object.entries(result))
      say(
        `round ${n + 1}, ${query}, ${name}: ${seconds(cpuMs)} s CPU in ${seconds(steadyWallMs)} s, start ${seconds(startMs)} s`,
      );
  });
  const compared = (name, what, unit, figure) => ({
    what: `${query} over ${name}, ${what}`,
    unit,
    ...ratio(
      results.map((result) => ({ 'two workers': result[`${name} 2`], 'one worker': result[`${name} 1`] })),
      'two workers',
      'one worker',
      figure,
    ),
  });
  const perSecond = ({ steadyWallMs }) => (events / steadyWallMs) * 1000;
  const throughput = names.map((name) => compared(name, 'throughput', 'events/s', perSecond));
  const given = {
    what: `${query} by two jobs side by side, half of it each: throughput`,
    unit: 'events/s',
    ...ratio(results, 'two jobs', 'one job', perSecond),
  };
  const best = throughput.toSorted((a, b) => b.ratio - a.ratio)[0];
  Object.assign(best, { goal: `>= ${goals.workers}`, met: best.ratio >= goals.workers });
  return {
    measures: [...throughput, given, ...names.map((name) => compared(name, 'CPU time', 'ms', ({ cpuMs }) => cpuMs))],
    fault,
  };
}

const cpuMs = (phase) => (phase.cpuMs / phase.rows) * 1e6;

/** @returns its measures, and a fault if the samples of a size are wrong */
async function states({ pairs, quick, say, keys: asked }, folder) {
  const { keys: usual, phases, settleMs } = quick ? quickForm : wholeForm;
  const sizes = [];
  const measures = [];
  let fault;
  for (const keys of (asked ?? usual).toSorted((a, b) => a - b)) {
    const run = await keyedRun({ keys, touched: keys, rounds: pairs, settleMs, phases }, join(folder, `${keys}`));
    if (run.skipped !== undefined) {
      measures.push({ what: `${keys} keys`, skipped: run.skipped });
      continue;
    }
    fault ??= run.fault;
    const of = (name) => median(run.results.map((result) => cpuMs(result[name])));
    const [checkpointed, without] = [of('checkpointed'), of('without')];
    say(`${keys} keys: peak ${Math.round(run.peakRssBytes / 1e6)} MB`);
    measures.push({ what: `${keys} keys: CPU time of a million rows`, unit: 'ms', checkpointed, without });
    sizes.push({ keys, results: run.results });
  }
  if (sizes.length < 2) return { measures, fault };
  const [least, most] = [sizes[0], sizes.at(-1)];
  const [few, many] = [`${least.keys} keys`, `${most.keys} keys`];
  const growth = (name) =>
    ratio(
      least.results.map((result, i) => ({ [few]: result[name], [many]: most.results[i][name] })),
      many,
      few,
      cpuMs,
    );
  const found = growth('checkpointed');
  const what = 'CPU time of a million rows';
  measures.push(
    {
      what: `${what}, a checkpoint each second`,
      unit: 'ms',
      ...found,
      goal: `<= ${goals.state}`,
      met: found.ratio <= goals.state,
    },
    { what: `${what}, without checkpoints`, unit: 'ms', ...growth('without') },
  );
  return { measures, fault };
}

/**
 * @param {object} options `events` of the file, `queries` by their names (tumbling), `keys`, numbers of keys instead of the form's own; the
 *   rest as every benchmark has it
 */
export async function scale({ queries = ['tumbling'], ...options }) {
  const { quick } = options;
  const events = options.events ?? (quick ? quickForm : wholeForm).events;
  const folder = memoryFolder('scale');
  const found = [];
  try {
    const input = join(folder, 'events.jsonl');
    const half = join(folder, 'half.jsonl');
    await writeEvents(input, events);
    await writeEvents(half, Math.ceil(events / 2));
    for (const query of queries) found.push(await workers(query, { ...options, events }, { folder, input, half }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  found.push(await states(options, options.folder));
  return {
    what: `${queries.join(', ')} of Nexmark over ${events} events by one worker and by two; and a job with few keys and with many`,
    fault: found.find(({ fault }) => fault !== undefined)?.fault,
    measures: found.flatMap(({ measures }) => measures),
  };
}
