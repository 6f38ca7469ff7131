// One run of the job of this folder, and what it must have written; not where its state would not fit into the memory that there is.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { root, runNode } from '../contestant.mjs';

/** What a key takes at most, in the job and in the loop that its result is compared with, and what the rest takes. */
const bytesPerKey = 400;
const bytesAtLeast = 700e6;
const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;

/** Bytes that this process and others may still take, within the limits of its container. */
export const availableBytes = () => process.availableMemory?.() ?? freemem();

/**
 * @param {object} settings `keys`, `touched` (keys that are touched until the next ones are), `rounds`, `settleMs` (before each
 *   phase), and `phases` by their names, `{ intervalMs, seconds, checkpoints }`, which are run in turn, each round in the other order
 * @returns `{ skipped }`, why, or `{ results, fill, peakRssBytes, fault }`: of each round what each phase gave, by name
 */
export async function keyedRun(settings, folder, available = availableBytes()) {
  const { keys, touched } = settings;
  const needed = bytesAtLeast + keys * bytesPerKey;
  if (needed > available) return { skipped: `it may take ${gigabytes(needed)} of memory, and ${gigabytes(available)} are left` };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const words = [`--max-old-space-size=${Math.round(needed / 2 ** 20)}`, join(root, 'bench/keyed-state/program.mjs')];
  const { out } = await runNode([...words, JSON.stringify(settings)], { folder });
  const { results, moves, rowsIn, restarts, ...rest } = JSON.parse(out.trim().split('\n').at(-1));
  const { expected } = await tsImport('./touches.ts', import.meta.url);
  const { hash, touchedKeys } = expected(keys, touched, moves, rowsIn);
  const written = createHash('sha256').update(await readFile(join(folder, 'samples.jsonl')));
  await rm(folder, { recursive: true, force: true });
  const right = restarts === 0 && written.digest('hex') === hash;
  const wrong = `the samples of ${keys} keys are not those of a plain loop over the same ${rowsIn} rows, or the job began anew`;
  for (const phase of results.flatMap(Object.values))
    phase.touchedKeys = touchedKeys.slice(...phase.windows).reduce((sum, count) => sum + count, 0);
  return { results, ...rest, fault: right ? undefined : wrong };
}
