/** What a join keeps of the rows of a side, and the rows that it makes of two. */
import {
  type Batch,
  type BatchBuilder,
  type BatchSchema,
  fieldCodec,
  type FieldCodec,
  fieldOf,
  rowCodec,
} from '../../batch/index.ts';
import type { JoinNode } from '../../plan/index.ts';
import type { Side } from './join-times.ts';

type Values = readonly unknown[];

/** The columns of each side that the result has; null: whole rows, which have no schema. */
export class JoinShape {
  readonly #node: JoinNode;
  readonly #columns: readonly [readonly string[] | null, readonly string[] | null];
  /** Of each column of the result: where it is among those of the left side, and of the right one; -1: nowhere. */
  readonly #from: readonly (readonly [number, number])[];

  constructor(node: JoinNode) {
    this.#node = node;
    const { columns } = node;
    const left = columns?.flatMap((column) => column.left ?? []) ?? null;
    const right = columns?.flatMap((column) => column.right ?? []) ?? null;
    this.#columns = [left, right];
    this.#from = (columns ?? []).map((column) => [
      column.left === undefined ? -1 : left!.indexOf(column.left),
      column.right === undefined ? -1 : right!.indexOf(column.right),
    ]);
  }

  /** Of the values that are kept of a row. */
  codecs(side: Side): readonly FieldCodec[] {
    const columns = this.#columns[side];
    const { schema } = this.#node.inputs[side];
    if (columns === null) return [rowCodec(schema) as FieldCodec];
    return columns.map((name) => fieldCodec(fieldOf(schema, name)!));
  }

  /** What is kept of each row of a batch. */
  reader(batch: Batch, side: Side): (i: number) => Values {
    const columns = this.#columns[side];
    if (columns === null) return (i) => [batch.row(i)];
    const readers = columns.map((name) => batch.reader(name));
    return (i) => {
      const values = new Array<unknown>(readers.length);
      for (let c = 0; c < readers.length; c++) values[c] = readers[c]!(i);
      return values;
    };
  }

  /** One row of the result; one of the two may be missing, but not both. */
  append(rows: BatchBuilder, left: Values | null, right: Values | null): void {
    if (this.#columns[0] === null) return rows.append(this.#merged(left, right));
    const from = this.#from;
    const values = new Array<unknown>(from.length);
    for (let c = 0; c < from.length; c++) {
      const [l, r] = from[c]!;
      values[c] = left !== null && l >= 0 ? left[l] : right !== null && r >= 0 ? right[r] : null;
    }
    rows.appendValues(values);
  }

  #merged(left: Values | null, right: Values | null): object {
    const { inputs, how } = this.#node;
    if (how === 'semi' || how === 'anti') return left![0] as object;
    const [of, to] = inputs.map(({ schema }, side) => ((side === 0 ? left : right)?.[0] ?? nulls(schema)) as object);
    // The columns of the left row come first, and its keys are those of the result.
    return left === null ? { ...of, ...to } : { ...of, ...to, ...of };
  }
}

/** Of a row that is missing: what is known of its columns. */
function nulls(schema: BatchSchema): object {
  return schema.kind === 'any' ? {} : Object.fromEntries(schema.fields.map(({ name }) => [name, null]));
}
