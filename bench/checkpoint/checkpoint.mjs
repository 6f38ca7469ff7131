// What exactly-once checkpoints cost, at several intervals and for few and many keys, of which one in a hundred is touched between two of
// them: the same job with checkpoints and without, in turn. It reads as fast as it can, so that they cost time and not leisure.
//
// The pause at a barrier is the time from the last row that the keyed operator processed before it to the first one behind it: the end of
// the batch at hand, the barrier's way through the job, the freeze, and the first batch behind it. One subtask a stage: nothing to align.
import { join } from 'node:path';
import { keyedRun } from '../keyed-state/keyed-run.mjs';
import { at, ratio } from '../pairs.mjs';

const goals = { overhead: 1.05, pauseMs: 20 };
/** Of this interval, ms. */
const goalOf = 1000;
const touchedShare = 0.01;
export const usualPairs = 3;

/** Each with the seconds that a phase of it lasts. */
const wholeForm = { keys: [10_000, 1_000_000, 10_000_000], seconds: { 100: 2, 1000: 4, 10_000: 10 }, settleMs: 1500 };
const quickForm = { keys: [10_000, 100_000], seconds: { 100: 1, 1000: 2 }, settleMs: 100 };

const nameOf = (intervalMs) => (intervalMs < 1000 ? `${intervalMs} ms` : `${intervalMs / 1000} s`);
const sumOf = (values, figure) => values.reduce((sum, value) => sum + figure(value), 0);
const perMillionRows = (figure) => (phase) => (figure(phase) / phase.rows) * 1e6;
const goal = (limit, of, unit = '') => ({ goal: `<= ${limit}${unit}`, met: of <= limit });

function measuresOf(keys, intervalMs, results) {
  const interval = nameOf(intervalMs);
  const where = `${keys} keys, each ${interval}`;
  const both = results.map((result) => ({ checkpointed: result[interval], without: result[`without (${interval})`] }));
  const with_ = both.map(({ checkpointed }) => checkpointed);
  const cost = (what, figure) => {
    const found = ratio(both, 'checkpointed', 'without', perMillionRows(figure));
    const held = intervalMs === goalOf ? goal(goals.overhead, found.ratio) : {};
    return { what: `${where}: ${what} of a million rows`, unit: 'ms', ...found, ...held };
  };
  const times = (what, of) => ({ what: `${where}: ${what}`, unit: 'ms', p50: at(of, 0.5), p99: at(of, 0.99), max: at(of, 1) });
  const taken = with_.flatMap(({ checkpoints }) => checkpoints);
  const pauses = with_.flatMap(({ gapsAtBarriers }) => gapsAtBarriers);
  const touchedKeys = sumOf(with_, (phase) => phase.touchedKeys);
  const bytes = sumOf(taken, (one) => one.bytes);
  return [
    cost('CPU time', ({ cpuMs }) => cpuMs),
    cost('wall time', ({ wallMs }) => wallMs),
    { ...times(`pause at a barrier (${pauses.length})`, pauses), ...goal(goals.pauseMs, at(pauses, 0.99), ' ms') },
    {
      what: `${where}: longest time without a row in an interval, p99`,
      unit: 'ms',
      ...Object.fromEntries(
        ['checkpointed', 'without'].map((side) => [
          side,
          at(
            both.flatMap((one) => one[side].longestGaps),
            0.99,
          ),
        ]),
      ),
    },
    times(
      `a checkpoint (${taken.length}), from trigger to pointer`,
      taken.map(({ durationMs }) => durationMs),
    ),
    { what: `${where}: written`, unit: 'bytes', 'a checkpoint': bytes / taken.length, 'a touched key': bytes / touchedKeys },
  ];
}

/**
 * @param {object} options `keys`, numbers of keys, instead of the form's own; the rest as every benchmark has it
 * @returns what it found; sizes that do not fit into memory are measures that say so
 */
export async function checkpoint({ folder, pairs, quick, say, keys: asked }) {
  const { keys: usual, seconds, settleMs } = quick ? quickForm : wholeForm;
  const intervals = Object.keys(seconds).map(Number);
  const phases = Object.fromEntries(
    intervals.flatMap((intervalMs) =>
      [true, false].map((checkpoints) => [
        checkpoints ? nameOf(intervalMs) : `without (${nameOf(intervalMs)})`,
        { intervalMs, seconds: seconds[intervalMs], checkpoints },
      ]),
    ),
  );
  const measures = [];
  let fault;
  for (const keys of asked ?? usual) {
    const touched = Math.max(1, keys * touchedShare);
    const run = await keyedRun({ keys, touched, rounds: pairs, settleMs, phases }, join(folder, `${keys}`));
    if (run.skipped !== undefined) {
      measures.push({ what: `${keys} keys`, skipped: run.skipped });
      continue;
    }
    fault ??= run.fault;
    const { fill, peakRssBytes } = run;
    say(
      `${keys} keys filled in ${Math.round(fill.wallMs)} ms (${Math.round(fill.cpuMs)} ms CPU), first checkpoint ${fill.bytes} bytes, ` +
        `peak ${Math.round(peakRssBytes / 1e6)} MB`,
    );
    measures.push(...intervals.flatMap((intervalMs) => measuresOf(keys, intervalMs, run.results)));
  }
  return {
    what: `a job with ${touchedShare * 100} % of its keys touched between two checkpoints, with them and without, in one process`,
    fault,
    measures,
  };
}
