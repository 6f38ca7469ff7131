// All peers, one query after the other: `node bench/peers/all-peers.mjs --input FILE --work FOLDER [--queries q0,q5] [--peers flink,spark] [--json]`
// prints a table as Markdown: what each costs, and whether its result is that of the first peer that ran the query. Exit 1 if one is not.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareResults } from './compare-results.mjs';
import { contestants } from './contestants.mjs';
import { queryNamed, queryNames } from './queries.mjs';
import { countRows, readRows } from './result-files.mjs';
import { runPeer } from './run-peer.mjs';

const columns = [
  'query',
  'peer',
  'events/s',
  'CPU s per M events',
  'peak MB',
  'start s',
  'cold s',
  'steady s',
  'written',
  'others',
  'equal',
];

function lineOf({ query, name, skipped, events, found, comparison }) {
  if (skipped !== undefined) return [query, name, `skipped: ${skipped}`, '', '', '', '', '', '', '', ''];
  const seconds = (ms) => (ms / 1000).toFixed(2);
  return [
    ...[query, name, Math.round((events / found.steadyWallMs) * 1000), ((found.cpuMs / events) * 1000).toFixed(2)],
    ...[found.peakRssBytes === undefined ? '?' : Math.round(found.peakRssBytes / 1e6), seconds(found.startMs)],
    ...[seconds(found.wallMs), seconds(found.steadyWallMs), found.emissions, found.othersCores?.toFixed(2) ?? '?'],
    comparison === undefined ? 'first' : comparison.equal,
  ];
}

const text = { type: 'string' };
const { values } = parseArgs({
  options: { input: text, work: text, queries: text, peers: text, json: { type: 'boolean', default: false } },
});
const { input, work } = values;
const queries = values.queries?.split(',') ?? queryNames;
const names = values.peers?.split(',') ?? Object.keys(contestants);
const unknown = [
  ...queries.filter((name) => !queryNames.includes(name)),
  ...names.filter((name) => contestants[name] === undefined),
];
if (input === undefined || work === undefined || unknown.length > 0) {
  process.stderr.write(`${unknown.map((name) => `what is '${name}'? `).join('')}--input FILE and --work FOLDER are needed\n`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1)); // and the peer with us

const say = (cells) => values.json || process.stdout.write(`| ${cells.join(' | ')} |\n`);
const events = countRows(input);
say(columns);
say(columns.map(() => '---'));
for (const query of queries) {
  let first;
  for (const name of names) {
    const { peer, only = () => true, ...own } = contestants[name];
    if (!only(queryNamed(query))) continue;
    const output = join(work, `${name}-${query}`);
    const { skipped, ...found } = await runPeer(peer, { query, input, work, output, ...own });
    const ran = skipped === undefined;
    const comparison =
      ran && first !== undefined ? compareResults(query, readRows(found.result), readRows(first.result)) : undefined;
    if (values.json) process.stdout.write(`${JSON.stringify({ query, name, skipped, events, ...found, comparison })}\n`);
    say(lineOf({ query, name, skipped, events, found, comparison }));
    if (comparison?.equal === false) process.exitCode = 1;
    if (ran) first ??= { result: found.result, output };
    if (ran && first.output !== output) await rm(output, { recursive: true, force: true });
  }
  if (first !== undefined) await rm(first.output, { recursive: true, force: true });
}
