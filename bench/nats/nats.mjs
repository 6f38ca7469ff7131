// JetStream, a filter, JetStream, at least once: the job against a loop by hand, on one nats-server.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBroker } from '../broker.mjs';
import { cpuMsOf, root, startNode, weir } from '../contestant.mjs';
import { costLine, costRatios, rounds } from '../pairs.mjs';
import { bodies, filterLeast, record } from './records.mjs';

const goal = 0.9;
export const usualPairs = 3;
const pollMs = 10;
const runMsMax = 300_000;

/** Resolves once the last record of the input is in the output. */
async function untilDone(broker, last, run) {
  let ended = false;
  run.ended.finally(() => (ended = true)).catch(() => undefined);
  for (const begin = performance.now(); performance.now() - begin < runMsMax; await sleep(pollMs)) {
    if (ended) await run.ended.then(() => Promise.reject(new Error('the job ended by itself')));
    const message = await broker.manager.streams.getMessage('OUT', { last_by_subj: 'out.rows' });
    if (message !== null && message.string().endsWith(last)) return;
  }
  throw new Error(`the last record was not in the output after ${runMsMax} ms`);
}

/** One run, to the moment when its last record was stored; the server's CPU time counts with the program's. */
async function outcome(broker, words, folder, last) {
  await broker.emptyStream('OUT', 'out.>');
  const startedAt = performance.now();
  const serverBefore = broker.cpuMs();
  const run = startNode(words, { folder });
  await run.ready;
  const start = {
    startWallMs: performance.now() - startedAt,
    startCpuMs: cpuMsOf(run.child.pid) + broker.cpuMs() - serverBefore,
  };
  await untilDone(broker, last, run);
  const serverMs = broker.cpuMs() - serverBefore;
  const cost = { ...start, wallMs: performance.now() - startedAt, cpuMs: cpuMsOf(run.child.pid) + serverMs, serverMs };
  run.child.kill('SIGTERM');
  await run.ended;
  return { ...cost, ...(await broker.bodiesOf('OUT')) };
}

async function compare(broker, { folder, pairs, say }, rows, perMessage) {
  await broker.emptyStream('IN', 'in');
  await broker.fill('in', bodies(rows, perMessage));
  const last = record(rows - 1, rows);
  const run = (words) => outcome(broker, words, folder, last);
  const params = { servers: broker.url, perMessage, least: filterLeast };
  const programs = {
    hand: () => run([join(root, 'bench/nats/by-hand.mjs'), broker.url, String(perMessage), String(filterLeast)]),
    weir: () => run(weir('bench/nats/job.ts', 'state', [], params)),
  };
  const name = `${perMessage} a message`;
  const results = await rounds(pairs, programs, (n, { hand, weir }) =>
    say(`pair ${n + 1}, ${rows} records, ${name}: by hand ${costLine(hand)}; weir ${costLine(weir)}`),
  );
  const hashes = new Set(results.flatMap(({ hand, weir }) => [hand.hash, weir.hash]));
  const measures = costRatios(results, 'hand', 'weir').map((of) => ({
    ...of,
    what: `${name}: ${of.what}`,
    goal: `>= ${goal}`,
    met: of.ratio >= goal,
  }));
  return { measures, fault: hashes.size === 1 ? undefined : `the records differ (${name})` };
}

export async function nats(options) {
  const { folder, quick } = options;
  await mkdir(folder, { recursive: true });
  const broker = await startBroker(join(folder, 'nats'));
  try {
    const one = await compare(broker, options, quick ? 20_000 : 300_000, 1);
    const many = await compare(broker, options, quick ? 200_000 : 3_000_000, 100);
    return {
      what: `JetStream, filter, JetStream on nats-server ${broker.version}, against a loop by hand; CPU time with the server's`,
      fault: one.fault ?? many.fault,
      measures: [...one.measures, ...many.measures],
    };
  } finally {
    await broker.close();
  }
}
