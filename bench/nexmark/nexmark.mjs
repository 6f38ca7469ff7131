// Nexmark: every query over one file of events, in Weir and in each peer, one after the other; results compared, costs as ratios.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { median } from '../pairs.mjs';
import { compareResults } from '../peers/compare-results.mjs';
import { contestants, contestantsNamed } from '../peers/contestants.mjs';
import { queryNamed, queryNames } from '../peers/queries.mjs';
import { countRows, readRows } from '../peers/result-files.mjs';
import { runPeer } from '../peers/run-peer.mjs';
import { transports } from '../transports.mjs';
import { eventsPerSecond, memoryFolder, writeEvents } from './input.mjs';
import { runWeir } from './weir-run.mjs';

/** Weir is first: the others are compared with its result. */
const everybody = {
  weir: { run: (options) => runWeir({ ...options, workers: 2, transport: transports.nats }) },
  'weir-threads': { run: (options) => runWeir({ ...options, workers: 2, transport: transports.threads }) },
  'weir-one': { run: (options) => runWeir({ ...options, workers: 1 }) },
  ...contestants,
};
/** Of their CPU time by ours, and of their wall time by ours: the geometric mean over the queries. */
const goals = { flink: 3, spark: 5, hand: 3, duckdb: 0.25 };
const timeoutMs = 900_000;

const seconds = (ms) => (ms / 1000).toFixed(2);
const geometric = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

function verdictOf(query, { equal }) {
  if (!equal) return ', NOT EQUAL';
  const { added } = queryNamed(query);
  return added === undefined ? ', equal' : `, ${added.field} equal when added up, windows not compared`;
}

function lineOf(query, name, { skipped, cpuMs, steadyWallMs, startMs, peakRssBytes }, events, equal) {
  if (skipped !== undefined) return `${query.padEnd(9)} ${name.padEnd(17)} skipped: ${skipped}`;
  const memory = peakRssBytes === undefined ? '?' : Math.round(peakRssBytes / 1e6);
  return (
    `${query.padEnd(9)} ${name.padEnd(17)} ${String(Math.round((events / steadyWallMs) * 1000)).padStart(9)} events/s, ` +
    `${((cpuMs / events) * 1000).toFixed(2).padStart(6)} CPU s per M events, start ${seconds(startMs)} s, peak ${memory} MB${equal}`
  );
}

/**
 * @param {object} options `events` in the file (5,000,000; 200,000 if quick), `queries` and `peers`, names or undefined for all; the rest as
 *   every benchmark has it. Inputs and results are in `folder`: on a disk that is memory where there is one
 */
export async function nexmark({ quick, say, pairs, events = quick ? 200_000 : 5_000_000, queries = queryNames, peers }) {
  const folder = memoryFolder('nexmark');
  const input = join(folder, 'events.jsonl');
  try {
    await writeEvents(input, events);
    say(`${events} events at ${eventsPerSecond} a second of event time, ${countRows(input)} lines`);
    const names = ['weir', ...contestantsNamed(peers ?? Object.keys(contestants)).filter((name) => name !== 'weir')];
    const found = [];
    const faults = [];
    for (const query of queries) {
      for (const name of names) {
        const { run, peer, only = () => true, ...own } = everybody[name];
        if (!only(queryNamed(query))) continue;
        const results = [];
        const rounds = run === undefined ? 1 : pairs;
        for (let round = 0; round < rounds; round++) {
          const options = {
            query,
            input,
            work: join(folder, 'work'),
            folder: join(folder, 'weir'),
            output: join(folder, `${name}-${query}`),
            timeoutMs,
          };
          results.push(await (run ?? ((asked) => runPeer(peer, asked)))({ ...options, ...own }));
        }
        const result = results.toSorted((a, b) => a.cpuMs - b.cpuMs)[results.length >> 1];
        const ours = join(folder, `weir-${query}`);
        const comparison =
          name === 'weir' || result.skipped !== undefined
            ? undefined
            : compareResults(query, readRows(ours), readRows(result.result));
        if (comparison?.equal === false) faults.push(`${query}: ${name} gives something else`);
        found.push({ query, name, events, ...result, comparison });
        say(lineOf(query, name, result, events, comparison === undefined ? '' : verdictOf(query, comparison)));
        if (name !== 'weir') await rm(join(folder, `${name}-${query}`), { recursive: true, force: true });
      }
      await rm(join(folder, `weir-${query}`), { recursive: true, force: true });
    }
    return {
      what: `Nexmark over ${events} events: ${queries.join(', ')}`,
      fault: faults.length === 0 ? undefined : faults.join('; '),
      found,
      measures: names.filter((name) => name !== 'weir').flatMap((name) => measuresOf(found, name)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function measuresOf(found, name) {
  const goal = goals[name];
  const pairsOf = found
    .filter((one) => one.name === name && one.skipped === undefined)
    .map((theirs) => [theirs, found.find((one) => one.name === 'weir' && one.query === theirs.query)]);
  if (pairsOf.length === 0) return [];
  const figures = [
    { what: 'CPU time', figure: ({ cpuMs }) => cpuMs },
    { what: 'wall time', figure: ({ steadyWallMs }) => steadyWallMs },
  ];
  return figures.map(({ what, figure }) => {
    const ratios = pairsOf.map(([theirs, ours]) => figure(theirs) / figure(ours));
    const ratio = geometric(ratios);
    const met = goal === undefined ? {} : { goal: `>= ${goal}`, met: ratio >= goal };
    const ms = (side) => median(pairsOf.map((pair) => figure(pair[side])));
    return {
      what: `${what}, ${name} / weir, geometric mean of ${ratios.length}`,
      unit: 'ms',
      [name]: ms(0),
      weir: ms(1),
      ratio,
      least: Math.min(...ratios),
      greatest: Math.max(...ratios),
      ...met,
    };
  });
}
