/** Result rows into batches, piece by piece. */
import { BatchBuilder, type BatchSchema, rowKind } from '../batch/index.ts';
import type { Output } from './operator.ts';
import { stepRowsMax } from './step-rows.ts';

export interface RowTarget {
  readonly port: string;
  readonly kind: number;
  /** Of all rows (T7): the last watermark that was forwarded. */
  readonly stamp: number;
  /** Of a complete result: the epoch at whose barrier it is emitted. */
  readonly emission?: number;
}

/** Emits the rows; yields where the operator may answer `more`. */
export function* emitRows(schema: BatchSchema, rows: Iterable<object>, out: Output, target: RowTarget): Generator<void, void> {
  const builder = new BatchBuilder(schema);
  for (const row of rows) {
    builder.append(row);
    if (builder.length < stepRowsMax && out.full !== true) continue;
    flush(builder, out, target);
    yield;
  }
  flush(builder, out, target);
}

function flush(builder: BatchBuilder, out: Output, { port, kind, stamp, emission }: RowTarget): void {
  const { length } = builder;
  if (length === 0) return;
  const stamps = new Float64Array(length).fill(stamp);
  const kinds = kind === rowKind.insert ? {} : { kinds: new Uint8Array(length).fill(kind) };
  out.emit(builder.build({ stamps, ...kinds, ...(emission === undefined ? {} : { emission }) }), port);
}
