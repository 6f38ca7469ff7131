// How old a record is when a reader sees it, from JetStream to JetStream, each record a message: the job exactly once, with a checkpoint
// each 100 ms; at least once, at once; and the loop by hand of the benchmark `nats`, at one rate for all. Then the job exactly once at
// shares of its capacity: of the records a second that it takes while generator and reader work beside it, which is measured first.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBroker } from '../broker.mjs';
import { cpuMsOf, root, startNode, weir } from '../contestant.mjs';
import { median, rounds } from '../pairs.mjs';
import { sharedNow } from './clock.mjs';

const perSecond = 10_000;
const loads = [0.1, 0.5, 0.8];
export const usualPairs = 3;
/** Records of the run that finds the capacity, and how many the generator may be ahead: several epochs of them. */
const capacityRun = { whole: 300_000, quick: 60_000, ahead: 30_000 };
const goals = { exactlyOnce: 250, atLeastOnce: 20 };
const exactIntervalMs = 100;
/** Until the generator has started. */
const leadMs = 1000;
/** Until the reader has the last record. */
const tailMsMax = 60_000;

function fail(what) {
  throw new Error(what);
}

/** @param pace records a second, or `ahead:N`. @returns what the reader found, and `cpuMs` of program and server */
async function outcome(broker, words, { folder }, { pace, records, warm }) {
  await broker.emptyStream('IN', 'in');
  await broker.emptyStream('OUT', 'out.>');
  const program = startNode(words, { folder });
  await program.ready;
  const run = (name, ...rest) =>
    startNode([join(root, `bench/latency/${name}.mjs`), broker.url, ...rest.map(String)], { folder });
  const reader = run('reader', records, warm);
  await reader.ready;
  const cpuBefore = cpuMsOf(program.child.pid) + broker.cpuMs();
  const generator = run('generator', pace, records, sharedNow() + leadMs);
  const [{ out }] = await Promise.race([
    Promise.all([reader.ended, generator.ended]),
    program.ended.then(() => fail('the job ended by itself')),
    generator.ended.then(() => sleep(tailMsMax, undefined, { ref: false })).then(() => fail('the last record did not come')),
  ]);
  const cpuMs = cpuMsOf(program.child.pid) + broker.cpuMs() - cpuBefore;
  program.child.kill('SIGTERM');
  await program.ended;
  const { missing, twice, disordered, ...ages } = JSON.parse(out.trim().split('\n').at(-1));
  if (missing + twice + disordered > 0)
    fail(`of ${records} records ${missing} did not come, ${twice} came twice, ${disordered} out of order`);
  return { cpuMs, ...ages };
}

const line = ({ p50, p99, p999, max, cpuMs }) =>
  `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, p99.9 ${p999.toFixed(1)}, max ${max.toFixed(1)} ms, ${(cpuMs / 1000).toFixed(1)} s CPU`;

export async function latency(options) {
  const { folder, pairs, quick, say } = options;
  const seconds = quick ? { warm: 2, measured: 3 } : { warm: 3, measured: 10 };
  await mkdir(folder, { recursive: true });
  const broker = await startBroker(join(folder, 'nats'));
  const job = (guarantee, ms) =>
    weir('bench/nats/job.ts', 'state', ['--checkpoint-interval', String(ms)], { servers: broker.url, least: 20, guarantee });
  const exactlyOnce = job('exactly-once', exactIntervalMs);
  const steady = (words, pace) => () => {
    const [warm, measured] = [seconds.warm, seconds.measured].map((all) => Math.round(pace * all));
    return outcome(broker, words, options, { pace, records: warm + measured, warm });
  };
  const three = {
    exactlyOnce: steady(exactlyOnce, perSecond),
    atLeastOnce: steady(job('at-least-once', 1000), perSecond),
    byHand: steady([join(root, 'bench/nats/by-hand.mjs'), broker.url, '1', '20'], perSecond),
  };
  try {
    const records = quick ? capacityRun.quick : capacityRun.whole;
    const asFastAsItGoes = { pace: `ahead:${capacityRun.ahead}`, records, warm: records / 4 };
    const { perSecond: capacity } = await outcome(broker, exactlyOnce, options, asFastAsItGoes);
    say(`capacity, exactly once: ${Math.round(capacity)} records a second`);
    const shares = loads.map((share) => ({ name: `${share * 100} %`, pace: Math.round(capacity * share) }));
    const programs = { ...three, ...Object.fromEntries(shares.map(({ name, pace }) => [name, steady(exactlyOnce, pace)])) };
    const results = await rounds(pairs, programs, (n, result) => {
      for (const [name, one] of Object.entries(result)) say(`round ${n + 1}, ${name}: ${line(one)}`);
    });
    const of = (name, figure) => median(results.map((result) => result[name][figure]));
    const ofThree = (figure) => Object.fromEntries(Object.keys(three).map((name) => [name, of(name, figure)]));
    return {
      what: `age of a record when a reader sees it, ${perSecond} a second, nats-server ${broker.version}; CPU time with the server's`,
      measures: [
        ...['p50', 'p99', 'p999', 'max'].map((figure) => ({
          what: figure.replace('p999', 'p99.9'),
          unit: 'ms',
          ...ofThree(figure),
        })),
        { what: `CPU time of ${seconds.warm + seconds.measured} s`, unit: 'ms', ...ofThree('cpuMs') },
        ...Object.entries(goals).map(([name, goal]) => {
          const ratios = results.map((result) => result[name].p99 / result.byHand.p99);
          const p99 = { [name]: of(name, 'p99'), byHand: of('byHand', 'p99') };
          const ratio = { ratio: median(ratios), least: Math.min(...ratios), greatest: Math.max(...ratios) };
          return { what: `p99 ${name} / by hand`, unit: 'ms', ...p99, ...ratio, goal: `<= ${goal} ms`, met: p99[name] <= goal };
        }),
        { what: 'capacity, exactly once, generator and reader beside it', unit: 'records/s', job: capacity },
        ...shares.map(({ name, pace }) => ({
          what: `exactly once at ${name} of that, ${pace} a second`,
          unit: 'ms',
          ...{ p50: of(name, 'p50'), p99: of(name, 'p99'), 'p99.9': of(name, 'p999'), max: of(name, 'max') },
        })),
      ],
    };
  } finally {
    await broker.close();
  }
}
