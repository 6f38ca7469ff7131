// A file that is read in several splits gives the windows that one split of it gives.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { asSource, sourceDefinition } from '../../src/api/index.ts';
import { fileSourceOf } from '../../src/connectors/file/file-source.ts';
import { json } from '../../src/connectors/index.ts';
import { type Random, seededRandom } from '../../src/core/index.ts';
import { count, from, schema, sum, t, window } from '../../src/index.ts';
import type { SourceDefinition } from '../../src/operators/index.ts';
import type { Timed } from './experiment.ts';
import { live, output } from './life.ts';
import { type Row, shown, stamped, windowed } from './plain.ts';
import { World } from './world.ts';

const delay = 20;
const folder = mkdtempSync(join(tmpdir(), 'weir-file-splits-'));
const path = join(folder, 'in.jsonl');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In the order of their times, but for a disorder of less than the delay. */
const drawing = seededRandom(7);
const rows: readonly Row[] = Array.from({ length: 4000 }, (_, i) => ({
  k: 'abcde'[Math.floor(drawing.next() * 5)]!,
  v: i,
  s: 'x'.repeat(Math.floor(drawing.next() * 30)),
  at: i - Math.floor(drawing.next() * delay),
}));
writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

const Input = schema({ k: t.string, v: t.number, s: t.string, at: t.timestamp });
const shape = { size: 40, slide: 40, offset: 0 };
const expected = windowed(stamped([rows], delay), shape)
  .map(({ window: of, k, n, total }) => shown({ window: of, k: k ?? null, n, total }))
  .sort();

/** The file, in small pieces that take their time, so that a life is killed long before its end. */
function slowly(splits: number, random: Random, pause: () => Promise<void>): SourceDefinition {
  const { project: _, ...whole } = sourceDefinition(fileSourceOf({ path, format: json(Input), splits }, 3000));
  return {
    ...whole,
    async open(split, position, records, context) {
      const reader = await whole.open(split, position, records, { ...context, batchRowsMax: 20 });
      return {
        async read() {
          for (let turns = Math.floor(random.next() * 10); turns > 0 && !context.signal.aborted; turns--) await pause();
          return reader.read();
        },
        close: () => reader.close(),
      };
    },
  };
}

async function lived(splits: number, parallelism: number, crashes: number, delayMs: number) {
  const world = new World();
  const random = seededRandom(splits * 100 + parallelism * 10 + crashes);
  const source = slowly(splits, random, () => world.pause());
  const stream = from(asSource<Row>(source)).withWatermark('at' as never, `${delayMs} ms`) as unknown as Timed;
  const windows = stream.groupBy(window('at', `${shape.size} ms`), 'k').agg({ n: count(), total: sum('v') });
  const report = await live({
    outputs: [output(windows, world.sink('results')), output(windows.late(), world.sink('late'))],
    world,
    random,
    crashes,
    parallelisms: [parallelism],
  });
  return { late: world.rows<Row>('late').length, results: world.rows('results').map(shown).sort(), report };
}

describe('a windowed job over one file', () => {
  test.each([
    [1, 1],
    [2, 1],
    [2, 2],
    [3, 2],
    [4, 4],
  ])('in %i splits, at parallelism %i, has no late rows and the same windows, killed and restored or not', async (...of) => {
    for (const crashes of [0, 3]) {
      const { late, results, report } = await lived(...of, crashes, delay);
      expect([late, results]).toEqual([0, expected]);
      expect(report.crashes).toBe(crashes);
    }
  });

  test('has late rows if the delay is too short for the disorder: no more of them in splits than in the whole', async () => {
    const whole = await lived(1, 1, 0, 2);
    const inSplits = await lived(2, 2, 0, 2);
    expect(inSplits.late).toBeGreaterThan(0);
    expect(inSplits.late).toBeLessThanOrEqual(whole.late);
  });
});
