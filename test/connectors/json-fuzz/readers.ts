/**
 * What a reader makes of lines, and what it should: rows, and records that are refused, in order.
 *
 * The reader under test is the one of sources: it gets the bytes in chunks, and what it leaves goes through `decode`. The oracle knows
 * nothing of all this: a line at a time, JSON.parse, the schema's conversion, and the columns that are wanted.
 */
import { Buffer } from 'node:buffer';
import {
  type Batch,
  BatchBuilder,
  type BatchSchema,
  type ColumnPath,
  decodeBatch,
  encodeBatch,
} from '../../../src/batch/index.ts';
import { WeirError } from '../../../src/core/index.ts';
import { type FormatDefinition, formatDefinition } from '../../../src/connectors/formats/index.ts';
import type { LineScanner } from '../../../src/connectors/formats/line-scanner.ts';
import { LineSplitter, PieceBuilder } from '../../../src/connectors/records/index.ts';
import { type AnySchema, json } from '../../../src/index.ts';

export interface Case {
  readonly schema: AnySchema<any, object>;
  readonly wanted: readonly ColumnPath[] | null;
  readonly bytes: Uint8Array;
  /** Bytes of a chunk. */
  readonly chunk: number;
  /** Rows of a batch. */
  readonly rows: number;
}
/** Of each record its row, or null for one that is refused. */
export interface Found {
  readonly records: readonly (object | null)[];
  readonly batches: readonly Batch[];
  /** Records that the scanner took. */
  readonly taken: number;
}
export type MakeScanner = (format: FormatDefinition, rows: BatchBuilder) => LineScanner | null;

/** A memo: code is made of each schema once. */
const formats = new Map<unknown, Map<string, FormatDefinition>>();

export function formatOf({ schema, wanted }: Pick<Case, 'schema' | 'wanted'>): FormatDefinition {
  const known = formats.get(schema) ?? new Map<string, FormatDefinition>();
  formats.set(schema, known);
  const key = JSON.stringify(wanted);
  const format = known.get(key) ?? formatDefinition(json(schema) as never, 'test');
  const some = known.get(key) ?? (wanted === null ? format : format.project!(wanted));
  known.set(key, some);
  return some;
}

/** @param whole each record by itself, as those of messages come */
export function readBy(make: MakeScanner, of: Case, whole = false): Found {
  const format = formatOf(of);
  const pieces = new PieceBuilder(format.schema, 'split', 'operator', 0);
  const scanner = make(format, pieces.rows);
  const splitter = new LineSplitter(0, 0, Number.POSITIVE_INFINITY);
  const records: (object | null)[] = [];
  const batches: Batch[] = [];
  let taken = 0;
  const take = (): void => {
    const { batch, dead, records: count } = pieces.take(null);
    if (batch !== null) batches.push(batch);
    const first = records.length;
    const refused = new Set(dead.map(({ position }) => Number(position.split('#')[1])));
    for (let i = 0, row = 0; i < count; i++) records.push(refused.has(first + i) ? null : batch!.row(row++));
  };
  const add = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    if (scanner?.readWhole(bytes) === true) {
      taken++;
      pieces.added(1);
    } else pieces.add(bytes, format.decode, () => 'here');
    if (pieces.records >= of.rows) take();
  };
  const skim = (): boolean => {
    const span = whole || scanner === null ? null : splitter.whole();
    if (span === null) return false;
    const before = pieces.rows.length;
    const to = scanner!.read(span.bytes, span.from, span.to, of.rows - pieces.records);
    const lines = pieces.rows.length - before;
    splitter.pass(to, lines);
    pieces.added(lines);
    taken += lines;
    if (pieces.records >= of.rows) take();
    return lines > 0;
  };
  for (let at = 0; at < of.bytes.length; at += of.chunk) {
    splitter.push(of.bytes.slice(at, at + of.chunk));
    for (;;) {
      if (skim()) continue;
      const record = splitter.next();
      if (record === null) break;
      add(record.bytes);
    }
  }
  const last = splitter.end();
  if (last !== null) add(last.bytes);
  take();
  return { records, batches, taken };
}

export function oracle(of: Case): readonly (object | null)[] {
  const { schema } = formatOf(of);
  const { decode } = formatOf({ schema: of.schema, wanted: null });
  return linesOf(of.bytes).map((line) => rowOf(line, decode, schema));
}

function rowOf(line: Uint8Array, decode: (record: Uint8Array) => object, schema: BatchSchema): object | null {
  const builder = new BatchBuilder(schema);
  try {
    builder.append(decode(line));
  } catch (error) {
    if (error instanceof WeirError && (error.code === 'E_RECORD' || error.code === 'E_VALUE')) return null;
    throw error;
  }
  return builder.build().row(0);
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const whole = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  const lines: Uint8Array[] = [];
  for (let from = 0; from < whole.length; ) {
    const found = whole.indexOf(10, from);
    const to = found < 0 ? whole.length : found;
    const line = whole.subarray(from, whole[to - 1] === 13 && to > from ? to - 1 : to);
    if (line.length > 0) lines.push(line);
    from = to + 1;
  }
  return lines;
}

/** The same batch as it arrives elsewhere. */
export const sent = (batch: Batch): Batch => decodeBatch(new Uint8Array(Buffer.from(encodeBatch(batch))));
