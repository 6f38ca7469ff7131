/**
 * What a join asks of two rows beside their keys and times.
 *
 * Owns: how the columns of both are read. Throws what a function of the user's throws, before anything has become of the row that came.
 * Invariants: JO12 a pair for which the condition is false, or null, is none: neither row has a partner by it.
 */
import { type ColumnNode, type ExprNode, predicateOver, propertyOf } from '../../expr/index.ts';
import { sideNames } from '../../plan/index.ts';
import type { Side } from './join-times.ts';
import type { FoundRows } from './kept-rows.ts';
import type { RowBytes, RowForm } from '../row-form.ts';

type Rows = (n: number) => RowBytes;

export class PairCondition {
  readonly #predicate: ReturnType<typeof predicateOver>;
  /** Of each side the rows at hand. */
  readonly #rows: [Rows, Rows] = [none, none];
  #places: Int32Array = new Int32Array(64);

  /** @param forms of the rows of both sides, as `keptForms` says */
  constructor(condition: ExprNode, forms: readonly [RowForm, RowForm]) {
    this.#predicate = predicateOver(condition, ({ path }: ColumnNode) => {
      const [of, name, ...rest] = path;
      const side = sideNames.indexOf(of as (typeof sideNames)[number]) as Side;
      const read = forms[side].reader(name!);
      const rows = this.#rows;
      if (rest.length === 0) return (n) => read(rows[side](n));
      return (n) => rest.reduce(propertyOf, read(rows[side](n)));
    });
  }

  meet(left: RowBytes, right: RowBytes): boolean {
    this.#rows[0] = () => left;
    this.#rows[1] = () => right;
    return this.#predicate(1, this.#places) === 1;
  }

  /** Leaves of what was found for a row of this side only what it meets. */
  choose(side: Side, row: RowBytes, found: FoundRows): void {
    const { length } = found;
    if (length === 0) return;
    if (length > this.#places.length) this.#places = new Int32Array(2 * length);
    this.#rows[side] = () => row;
    this.#rows[side === 0 ? 1 : 0] = (n) => found.at(n);
    found.choose(this.#places, this.#predicate(length, this.#places));
  }
}

function none(): never {
  throw new Error('no rows are at hand');
}
