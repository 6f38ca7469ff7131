// How old a record is when a reader sees it, from JetStream to JetStream, each record a message: the job exactly once, with a checkpoint
// each 100 ms; at least once, at once; and the loop by hand of the benchmark `jetstream`.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBroker } from '../broker.mjs';
import { cpuMsOf, root, startNode, weir } from '../contestant.mjs';
import { median, rounds } from '../pairs.mjs';
import { sharedNow } from './clock.mjs';

const perSecond = 10_000;
const goals = { exactlyOnce: 250, atLeastOnce: 20 };
const exactIntervalMs = 100;
/** Until the generator has started. */
const leadMs = 1000;
/** Until the reader has the last record. */
const tailMsMax = 60_000;

function fail(what) {
  throw new Error(what);
}

async function outcome(broker, words, { folder }, seconds) {
  const records = perSecond * (seconds.warm + seconds.measured);
  await broker.emptyStream('IN', 'in');
  await broker.emptyStream('OUT', 'out.>');
  const program = startNode(words, { folder });
  await program.ready;
  const run = (name, ...rest) =>
    startNode([join(root, `bench/latency/${name}.mjs`), broker.url, ...rest.map(String)], { folder });
  const reader = run('reader', records, perSecond * seconds.warm);
  await reader.ready;
  const cpuBefore = cpuMsOf(program.child.pid) + broker.cpuMs();
  const generator = run('generator', perSecond, records, sharedNow() + leadMs);
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

const line = ({ p50, p99, max, cpuMs }) =>
  `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms, ${(cpuMs / 1000).toFixed(1)} s CPU`;

export async function latency(options) {
  const { folder, pairs, quick, say } = options;
  const seconds = quick ? { warm: 2, measured: 3 } : { warm: 5, measured: 20 };
  await mkdir(folder, { recursive: true });
  const broker = await startBroker(join(folder, 'nats'));
  const job = (guarantee, ms) =>
    weir('bench/jetstream/job.ts', 'state', ['--checkpoint-interval', String(ms)], { servers: broker.url, least: 20, guarantee });
  const programs = {
    exactlyOnce: () => outcome(broker, job('exactly-once', exactIntervalMs), options, seconds),
    atLeastOnce: () => outcome(broker, job('at-least-once', 1000), options, seconds),
    byHand: () => outcome(broker, [join(root, 'bench/jetstream/by-hand.mjs'), broker.url, '1', '20'], options, seconds),
  };
  try {
    const results = await rounds(pairs, programs, (n, result) => {
      for (const [name, one] of Object.entries(result)) say(`round ${n + 1}, ${name}: ${line(one)}`);
    });
    const of = (name, figure) => median(results.map((result) => result[name][figure]));
    const three = (figure) => Object.fromEntries(Object.keys(programs).map((name) => [name, of(name, figure)]));
    return {
      what: `age of a record when a reader sees it, ${perSecond} a second, nats-server ${broker.version}; CPU time with the server's`,
      measures: [
        ...['p50', 'p99', 'max'].map((figure) => ({ what: figure, unit: 'ms', ...three(figure) })),
        { what: `CPU time of ${seconds.warm + seconds.measured} s`, unit: 'ms', ...three('cpuMs') },
        ...Object.entries(goals).map(([name, goal]) => {
          const ratios = results.map((result) => result[name].p99 / result.byHand.p99);
          const p99 = { [name]: of(name, 'p99'), byHand: of('byHand', 'p99') };
          const ratio = { ratio: median(ratios), least: Math.min(...ratios), greatest: Math.max(...ratios) };
          return { what: `p99 ${name} / by hand`, unit: 'ms', ...p99, ...ratio, goal: `<= ${goal} ms`, met: p99[name] <= goal };
        }),
      ],
    };
  } finally {
    await broker.close();
  }
}
