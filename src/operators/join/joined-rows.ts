/** What a join keeps of the rows of a side, and the rows that it makes of two. */
import { type BatchBuilder, type BatchSchema, type ColumnBuilder, fieldOf } from '../../batch/index.ts';
import type { ExprNode } from '../../expr/index.ts';
import { type JoinColumn, type JoinNode, type JoinType, keptColumns, type SideName, sideNames } from '../../plan/index.ts';
import { type RowBytes, RowForm } from '../row-form.ts';

/** What rows of the result depend on. */
export interface Joining {
  readonly how: JoinType;
  readonly inputs: readonly [{ readonly schema: BatchSchema }, { readonly schema: BatchSchema }];
  /** Absent where rows have no schema: then all columns of both. */
  readonly columns?: readonly JoinColumn[] | undefined;
  /** What is asked of two rows beside. */
  readonly condition?: ExprNode | undefined;
  readonly schema: BatchSchema;
}
/** Of each side: where the columns go that are kept of it. */
export type Targets = readonly (ColumnBuilder | null)[];

/** What is kept of each side: the columns that the result has, or that the condition reads; or whole rows, where they have no schema. */
export function keptForms(joining: Joining): readonly [RowForm, RowForm] {
  const [left, right] = joining.inputs.map(({ schema }, side) => {
    const names = keptColumns(kept(joining), side);
    if (joining.columns === undefined || (schema.kind === 'any' && names.length > 0)) return RowForm.ofRows(schema);
    return RowForm.ofColumns(names.map((name) => fieldOf(schema, name)!));
  });
  return [left!, right!];
}

/** @param of where a column of the result goes, by its place there; null: it is not wanted */
export function targetsOf(joining: Joining, side: SideName, of: (i: number) => ColumnBuilder | null): Targets {
  const { columns = [] } = joining;
  const given = columns.flatMap((column, i) => (column[side] === undefined ? [] : [of(i)]));
  const more = keptColumns(kept(joining), sideNames.indexOf(side)).length - given.length;
  return [...given, ...Array.from({ length: more }, () => null)];
}

const kept = ({ columns, condition }: Joining): Pick<JoinNode, 'columns' | 'condition'> => ({
  ...(columns === undefined ? {} : { columns }),
  ...(condition === undefined ? {} : { condition }),
});

/** Rows of the result, into a builder. */
export class JoinedRows {
  readonly #node: JoinNode;
  readonly #forms: readonly [RowForm, RowForm];
  readonly #rows: BatchBuilder;
  readonly #left: Targets;
  /** Of a row that has a left one. */
  readonly #right: Targets;
  readonly #rightAlone: Targets;
  /** Columns that only one side has. */
  readonly #ofLeft: readonly ColumnBuilder[];
  readonly #ofRight: readonly ColumnBuilder[];

  constructor(node: JoinNode, forms: readonly [RowForm, RowForm], rows: BatchBuilder) {
    const { columns = [] } = node;
    const { builders } = rows;
    this.#node = node;
    this.#forms = forms;
    this.#rows = rows;
    this.#left = targetsOf(node, 'left', (i) => builders[i]!);
    this.#right = targetsOf(node, 'right', (i) => (columns[i]!.left === undefined ? builders[i]! : null));
    this.#rightAlone = targetsOf(node, 'right', (i) => builders[i]!);
    this.#ofLeft = builders.filter((_, i) => columns[i]?.right === undefined);
    this.#ofRight = builders.filter((_, i) => columns[i]?.left === undefined);
  }

  /** One of the two may be missing, but not both. */
  append(left: RowBytes | null, right: RowBytes | null): void {
    const rows = this.#rows;
    const [formOfLeft, formOfRight] = this.#forms;
    if (this.#node.columns === undefined) return rows.append(this.#merged(left, right));
    if (left !== null) formOfLeft.append(left, this.#left, rows);
    else for (const builder of this.#ofLeft) builder.appendNull();
    if (right !== null) formOfRight.append(right, left === null ? this.#rightAlone : this.#right, rows);
    else for (const builder of this.#ofRight) builder.appendNull();
    rows.filled(1);
  }

  #merged(left: RowBytes | null, right: RowBytes | null): object {
    const [formOfLeft, formOfRight] = this.#forms;
    const of = left === null ? null : formOfLeft.row(left);
    return merged(this.#node, of, right === null ? null : formOfRight.row(right));
  }
}

/** Of rows that have no schema. */
export function merged({ inputs, how }: Joining, left: object | null, right: object | null): object {
  if (how === 'semi' || how === 'anti') return left!;
  const of = left ?? nulls(inputs[0].schema);
  const to = right ?? nulls(inputs[1].schema);
  // The columns of the left row come first, and its keys are those of the result.
  return left === null ? { ...of, ...to } : { ...of, ...to, ...of };
}

/** Of a row that is missing: what is known of its columns. */
function nulls(schema: BatchSchema): object {
  return schema.kind === 'any' ? {} : Object.fromEntries(schema.fields.map(({ name }) => [name, null]));
}
