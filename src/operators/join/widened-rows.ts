/**
 * Rows of a batch with columns of their partners beside their own, which are not copied where each row has one partner. Partners are rows of a
 * table, or were found outside.
 *
 * Owns: the rows of one batch at a time that have not gone out.
 */
import { type Batch, BatchBuilder, batchSchema, type Column, ColumnarBatch, columnIndex } from '../../batch/index.ts';
import { carriedSystem } from '../carried-system.ts';
import type { Output } from '../operator.ts';
import { type Joining, merged, type Targets, targetsOf } from './joined-rows.ts';
import type { RowBytes, RowForm } from '../row-form.ts';

export class WidenedRows {
  readonly #node: Joining;
  readonly #form: RowForm;
  /** The columns that only partners have; without a schema, whole rows. */
  readonly #beside: BatchBuilder;
  readonly #targets: Targets;
  /** The logical row of the batch that each row is made of. */
  readonly #from: number[] = [];
  #batch!: Batch;

  constructor(node: Joining, form: RowForm) {
    const { columns, schema } = node;
    this.#node = node;
    this.#form = form;
    const isBeside = (i: number): boolean => columns![i]!.left === undefined;
    this.#beside = new BatchBuilder(schema.kind === 'any' ? schema : batchSchema(schema.fields.filter((_, i) => isBeside(i))));
    let next = 0;
    this.#targets = targetsOf(node, 'right', (i) => (isBeside(i) ? this.#beside.builders[next++]! : null));
  }

  get length(): number {
    return this.#from.length;
  }

  /** The rows of another batch. */
  begin(batch: Batch): void {
    this.#batch = batch;
  }

  append(i: number, partner: RowBytes | null): void {
    this.#from.push(i);
    const rows = this.#beside;
    if (this.#node.columns === undefined) {
      rows.append(merged(this.#node, this.#batch.row(i), partner === null ? null : this.#form.row(partner)));
      return;
    }
    if (partner !== null) this.#form.append(partner, this.#targets, rows);
    else for (const builder of rows.builders) builder.appendNull();
    rows.filled(1);
  }

  flush(out: Output): void {
    const from = this.#from;
    if (from.length === 0) return;
    const system = carriedSystem(this.#batch, from);
    const beside = this.#beside.build(system);
    out.emit(this.#node.columns === undefined ? beside : this.#wide(beside));
    from.length = 0;
  }

  #wide(beside: Batch): Batch {
    const { columns = [], schema } = this.#node;
    const batch = this.#batch;
    const isAll = beside.system === batch.system && batch.selection === undefined;
    const rows = isAll ? null : Int32Array.from(this.#from, (row) => batch.physical(row));
    let next = 0;
    const wide = columns.map(({ left }): Column => {
      if (left === undefined) return beside.columns[next++]!;
      const column = batch.columns[columnIndex(batch.schema, left)]!;
      return rows === null ? column : column.take(rows);
    });
    return new ColumnarBatch(schema, wide, this.#from.length, beside.system);
  }
}
