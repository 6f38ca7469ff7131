/**
 * A condition and new columns, over batches.
 *
 * Owns: which columns are computed and which only passed on. Nothing is copied: rows that the condition leaves out stay in the
 * columns, outside of the selection.
 */
import { type Batch, type BatchSchema, type Column, ColumnarBatch, type SchemaField } from '../batch/index.ts';
import { canCompile } from '../core/index.ts';
import { columnAt, isStored } from './column-access.ts';
import { type ColumnWriter, columnWriter } from './column-writer.ts';
import { compiledLoop } from './compiled-loop.ts';
import { interpretedLoop } from './interpreted-loop.ts';
import type { Fault, Loop } from './loop.ts';
import type { ColumnNode, ExprNode, NamedExpr } from './node.ts';

export interface ProjectionSpec {
  /** Of the batches. */
  readonly input: BatchSchema;
  readonly predicate?: ExprNode | undefined;
  /** Absent: all columns as they are. */
  readonly columns?: readonly NamedExpr[] | undefined;
}

/** Where a column of the result comes from: a column of the input, or a writer by its number. */
type Place = ColumnNode | number;

export class Projection {
  /** Of the result. */
  readonly schema: BatchSchema;
  readonly #places: readonly Place[] | undefined;
  readonly #writers: readonly ColumnWriter[];
  /** Absent: there is nothing to compute, and every row stays. */
  readonly #loop: Loop | undefined;

  /** @param interpreted without code made of text; where that is forbidden it is never made */
  constructor({ input, predicate, columns }: ProjectionSpec, interpreted: boolean = !canCompile()) {
    const fields = columns?.map(({ name, expr }): SchemaField => ({ name, ...expr.type }));
    this.schema = fields === undefined ? input : { kind: 'columns', fields };
    const computed: ExprNode[] = [];
    const writers: ColumnWriter[] = [];
    this.#places = columns?.map(({ expr }, i) => {
      if (expr.kind === 'column' && isStored(input, expr)) return expr;
      writers.push(columnWriter(fields![i]!));
      return computed.push(expr) - 1;
    });
    this.#writers = writers;
    const spec = { predicate, computed };
    if (predicate !== undefined || computed.length > 0) this.#loop = interpreted ? interpretedLoop(spec) : compiledLoop(spec);
  }

  /**
   * The rows that remain; null if none does.
   *
   * @param now the time of the epoch, ms
   */
  run(batch: Batch, fault: Fault, now: number): Batch | null {
    if (this.#loop === undefined) return batch.length === 0 ? null : this.#result(batch, batch.selection);
    const { length, physicalLength } = batch;
    for (const writer of this.#writers) writer.begin(physicalLength);
    const kept = new Int32Array(length);
    const count = this.#loop(batch, this.#writers, kept, fault, now);
    if (count === 0) return null;
    return this.#result(batch, count === length ? batch.selection : kept.subarray(0, count));
  }

  #result(batch: Batch, selection: Int32Array | undefined): Batch {
    const built = this.#writers.map((writer) => writer.build());
    const columns = this.#places?.map((place): Column => (typeof place === 'number' ? built[place]! : columnAt(batch, place)));
    // Of rows without a schema some may have one: those that are only chosen from stay what they are.
    const schema = columns === undefined ? batch.schema : this.schema;
    return new ColumnarBatch(schema, columns ?? batch.columns, batch.physicalLength, batch.system, selection);
  }
}
