/**
 * Rows that have changed: as they were, and as they are.
 *
 * Owns: what goes out of a change. Retracted, a row as it was (`updateBefore`) comes before the one in its place (`update`); otherwise only that one. A row
 * that is new is an `insert` where it is retracted, one that is gone a `delete`. What is the same as before does not go out.
 */
import { isDeepStrictEqual } from 'node:util';
import { BatchBuilder, type BatchSchema, rowKind } from '../batch/index.ts';
import type { Output } from './operator.ts';
import { stepRowsMax } from './step-rows.ts';

type Values = readonly unknown[];

export interface ChangedRowsOptions {
  readonly port: string;
  /** Of all rows (T7). */
  readonly stamp: number;
  readonly retracted: boolean;
}

export class ChangedRows {
  readonly #builder: BatchBuilder;
  readonly #kinds: number[] = [];
  readonly #out: Output;
  readonly #options: ChangedRowsOptions;

  constructor(schema: BatchSchema, out: Output, options: ChangedRowsOptions) {
    this.#builder = new BatchBuilder(schema);
    this.#out = out;
    this.#options = options;
  }

  /** The rows of a group, each in the place of the one that was there. */
  add(before: readonly Values[], after: readonly Values[]): void {
    const { retracted } = this.#options;
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

  /** Emits what there is once that is enough. True: it has, and here the operator may answer `more`. */
  pass(): boolean {
    if (this.#kinds.length < stepRowsMax && (this.#kinds.length === 0 || this.#out.full !== true)) return false;
    this.flush();
    return true;
  }

  flush(): void {
    const { length } = this.#kinds;
    if (length === 0) return;
    const kinds = Uint8Array.from(this.#kinds);
    this.#kinds.length = 0;
    this.#out.emit(
      this.#builder.build({ stamps: new Float64Array(length).fill(this.#options.stamp), kinds }),
      this.#options.port,
    );
  }

  #append(values: Values, kind: number): void {
    this.#builder.appendValues(values);
    this.#kinds.push(kind);
  }
}

function isSame(a: Values, b: Values): boolean {
  return a.every((value, i) => Object.is(value, b[i]) || (typeof value === 'object' && isDeepStrictEqual(value, b[i])));
}
