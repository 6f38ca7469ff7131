// The main job (examples/flight-delays.ts), as fast as it can read, against the same by hand: equal files, and how long each took.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { tsImport } from 'tsx/esm/api';
import { root, runNode, weir } from '../contestant.mjs';
import { costLine, costRatios, rounds } from '../pairs.mjs';
import { writeFlights } from './input.mjs';

const cache = join(root, 'node_modules/.cache/weir-bench');
const goal = 0.8;

async function hashOf(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** One run, in a folder that is empty before; its files by their hashes. */
async function outcome(words, folder) {
  await rm(join(folder, 'out'), { recursive: true, force: true });
  await rm(join(folder, 'state'), { recursive: true, force: true });
  await mkdir(join(folder, 'out'), { recursive: true });
  const cost = await runNode(words, { folder });
  return { ...cost, hashes: await Promise.all(['result', 'late'].map((name) => hashOf(join(folder, `out/${name}.jsonl`)))) };
}

export async function flights({ folder, pairs, quick, say }) {
  const rows = quick ? 200_000 : 2_000_000;
  const { flightsInOrder } = await tsImport('../../examples/flights.ts', import.meta.url);
  const input = join(cache, `flights-${rows}.jsonl`);
  await writeFlights(await flightsInOrder(join(cache, 'flights.jsonl')), input, rows);
  await readFile(input); // from the disk once, before the first run
  const [byHand, byWeir] = await Promise.all(
    ['by-hand', 'weir'].map(async (name) => {
      await mkdir(join(folder, name), { recursive: true });
      return join(folder, name);
    }),
  );
  const programs = {
    hand: () => outcome([join(root, 'bench/flights/by-hand.mjs'), input, 'out/result.jsonl', 'out/late.jsonl'], byHand),
    weir: () => outcome(weir('bench/flights/job.ts', 'state', [], { rate: 0, input, output: 'out' }), byWeir),
  };
  const results = await rounds(pairs, programs, (n, { hand, weir }) =>
    say(`pair ${n + 1}: by hand ${costLine(hand)}; weir ${costLine(weir)}`),
  );
  const hashes = new Set(results.flatMap(({ hand, weir }) => [hand, weir].map((one) => one.hashes.join())));
  return {
    what: `the main job over ${rows} flights, against the same by hand`,
    fault: hashes.size === 1 ? undefined : 'the files differ',
    measures: costRatios(results, 'hand', 'weir').map((of) => ({ ...of, goal: `>= ${goal}`, met: of.ratio >= goal })),
  };
}
