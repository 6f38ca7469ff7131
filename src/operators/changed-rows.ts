/**
 * Rows that have changed: as they were, and as they are.
 *
 * Owns: what goes out of a change. Retracted, a row as it was (`updateBefore`) comes before the one in its place (`update`); otherwise only that one. A row
 * that is new is an `insert` where it is retracted, one that is gone a `delete`. What is the same as before does not go out.
 */
import { isDeepStrictEqual } from 'node:util';
import { type BatchSchema, rowKind } from '../batch/index.ts';
import { KindedRows, type KindedTarget } from './kinded-rows.ts';
import type { Output } from './operator.ts';

type Values = readonly unknown[];

export interface ChangedRowsOptions extends KindedTarget {
  readonly retracted: boolean;
}

export class ChangedRows extends KindedRows {
  readonly #retracted: boolean;

  constructor(schema: BatchSchema, out: Output, { retracted, ...target }: ChangedRowsOptions) {
    super(schema, out, target);
    this.#retracted = retracted;
  }

  /** The rows of a group, each in the place of the one that was there. */
  add(before: readonly Values[], after: readonly Values[]): void {
    const retracted = this.#retracted;
    for (let i = 0; i < before.length || i < after.length; i++) {
      const was = before[i];
      const is = after[i];
      if (was === undefined) this.#append(is!, retracted ? rowKind.insert : rowKind.update);
      else if (is === undefined) this.#append(was, rowKind.delete);
      else if (!isSame(was, is)) {
        if (retracted) this.#append(was, rowKind.updateBefore);
        this.#append(is, rowKind.update);
      }
    }
  }

  #append(values: Values, kind: number): void {
    this.rows.appendValues(values);
    this.appended(kind);
  }
}

function isSame(a: Values, b: Values): boolean {
  return a.every((value, i) => Object.is(value, b[i]) || (typeof value === 'object' && isDeepStrictEqual(value, b[i])));
}
