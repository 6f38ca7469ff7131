/**
 * Random inputs, each held against the oracle: the compiled reader, the one that runs where no code may be made, records that come one by
 * one; which columns are wanted, and where chunks end, is random too. One seed, one list of inputs.
 */
import { isDeepStrictEqual } from 'node:util';
import { rowSchema } from '../../../src/api/index.ts';
import type { Batch, BatchBuilder, ColumnPath } from '../../../src/batch/index.ts';
import { seededRandom } from '../../../src/core/index.ts';
import { type FormatDefinition, jsonText } from '../../../src/connectors/formats/index.ts';
import { JsonRows } from '../../../src/connectors/formats/json-rows.ts';
import { JsonScanner, type ReadingMeans } from '../../../src/connectors/formats/json-scanner.ts';
import { inputOf } from './inputs.ts';
import { type Case, type MakeScanner, oracle, readBy, sent } from './readers.ts';
import { type Draw, fieldsOf, pick, schemas, wantedOf } from './schemas.ts';

/** All that makes an input again. */
export interface Replay {
  readonly schema: string;
  readonly wanted: readonly ColumnPath[] | null;
  readonly base64: string;
  readonly chunk: number;
  readonly rows: number;
}
export interface Mismatch {
  readonly replay: Replay;
  readonly reader: string;
  readonly record: number;
  readonly wanted: unknown;
  readonly found: unknown;
}
export type Wrap = (make: MakeScanner) => MakeScanner;

const scannerBy =
  (schema: Case['schema'], means: ReadingMeans): MakeScanner =>
  (format: FormatDefinition, rows: BatchBuilder) => {
    const fields = rowSchema(schema).fields!;
    const wanted = format.schema.kind === 'columns' ? format.schema.fields : [];
    return new JsonScanner({ fields, wanted }, rows, means);
  };

/** The first record of an input on which a reader and the oracle differ. */
export function tried(
  replay: Replay,
  wrap: Wrap = (make) => make,
): { readonly mismatch: Mismatch | null; readonly taken: number } {
  const of: Case = { ...replay, schema: schemas[replay.schema]!, bytes: Buffer.from(replay.base64, 'base64') };
  const expected = oracle(of);
  let taken = 0;
  for (const [reader, means, whole] of readers) {
    const found = readBy(wrap(scannerBy(of.schema, means)), of, whole);
    taken += found.taken;
    const copies = found.batches.map(sent);
    const again = copies.flatMap(rowsOf);
    const mismatch =
      difference(replay, reader, expected, found.records) ??
      difference(
        replay,
        `${reader}, sent`,
        expected.filter((row) => row !== null && !holdsUnsendable(row)),
        again.filter((row) => !holdsUnsendable(row)),
      );
    const written =
      mismatch ??
      [...found.batches, ...copies].map((batch) => writerDifference(replay, reader, batch)).find((one) => one !== null) ??
      null;
    if (written !== null) return { mismatch: written, taken };
  }
  return { mismatch: null, taken };
}

const readers = [
  ['compiled', { compiles: true }, false],
  ['compiled, a byte at a time', { compiles: true, window: null }, false],
  ['interpreted', { compiles: false }, false],
  ['compiled, one by one', { compiles: true }, true],
] as const;

const rowsOf = (batch: Parameters<typeof sent>[0]): object[] => Array.from({ length: batch.length }, (_, i) => batch.row(i));

/** What the writer makes of a batch, against JSON.stringify; bytes are none of its matters. */
function writerDifference(replay: Replay, reader: string, batch: Batch): Mismatch | null {
  for (const [sides, writer] of [
    [batch, compiling],
    [batch, interpreting],
    [batch.select(Int32Array.of(0)), compiling],
  ] as const) {
    const { bytes, starts, ends } = writer.write(sides);
    for (let record = 0; record < sides.length; record++) {
      const row = sides.row(record);
      const wanted = 'raw' in row ? jsonText(row) : JSON.stringify(row);
      const found = Buffer.from(bytes.subarray(starts[record], ends[record])).toString();
      if (found !== wanted) return { replay, reader: `writer, behind ${reader}`, record, wanted, found };
    }
  }
  return null;
}

const compiling = new JsonRows(0);
const interpreting = new JsonRows(Number.POSITIVE_INFINITY);

/** Values without a type change on a wire in ways of their own. */
const holdsUnsendable = (row: object): boolean => 'any' in row;

function difference(
  replay: Replay,
  reader: string,
  expected: readonly (object | null)[],
  found: readonly (object | null)[],
): Mismatch | null {
  for (let record = 0; record < Math.max(expected.length, found.length); record++)
    if (!isDeepStrictEqual(expected[record], found[record]))
      return { replay, reader, record, wanted: expected[record], found: found[record] };
  return null;
}

export function drawn(random: Draw, name: string): Replay {
  const fields = fieldsOf(name);
  const wanted = wantedOf(seededRandom(Math.floor(random() * 12)).next, fields);
  const bytes = Buffer.from(inputOf(random, fields));
  const chunk = pick(random, [bytes.length + 1, bytes.length + 1, 1 + Math.floor(random() * 400), 7]);
  return { schema: name, wanted, base64: bytes.toString('base64'), chunk, rows: pick(random, [1, 3, 1024]) };
}

export interface FuzzReport {
  readonly inputs: number;
  readonly records: number;
  /** Records that a reader took, and did not leave to JSON.parse; three readers see each. */
  readonly taken: number;
  readonly mismatch: Mismatch | null;
}

/** Draws inputs until `isOver`, or one on which reader and oracle differ. */
export function fuzz(seed: number, isOver: (inputs: number) => boolean, wrap?: Wrap): FuzzReport {
  const { next } = seededRandom(seed);
  const names = Object.keys(schemas);
  let inputs = 0;
  let records = 0;
  let taken = 0;
  while (!isOver(inputs)) {
    const replay = drawn(next, names[inputs % names.length]!);
    const result = tried(replay, wrap);
    inputs++;
    records += oracle({ ...replay, schema: schemas[replay.schema]!, bytes: Buffer.from(replay.base64, 'base64') }).length;
    taken += result.taken;
    if (result.mismatch !== null) return { inputs, records, taken, mismatch: result.mismatch };
  }
  return { inputs, records, taken, mismatch: null };
}
