/** The rows of a group: its window, its keys, and what the aggregates have come to. */
import type { BatchBuilder } from '../batch/index.ts';
import type { AggregateNode } from '../plan/index.ts';
import type { Accumulators } from './accumulators.ts';
import type { Cell } from './cell.ts';
import { KnownKeys } from './key.ts';

export class GroupValues {
  readonly #keys = new KnownKeys();
  readonly #values: unknown[] = [];
  readonly #windowAt: number;
  readonly #aggregates: number;
  readonly #accumulators: Accumulators;

  constructor({ windowAt = 0, aggregates }: AggregateNode, accumulators: Accumulators) {
    this.#windowAt = windowAt;
    this.#aggregates = aggregates.length;
    this.#accumulators = accumulators;
  }

  /** Appends the group's row; or of several those that may have changed since that ordinal. */
  append(to: BatchBuilder, window: object | undefined, key: string, cell: Cell, since: number = -Infinity): void {
    const { rows, appendRows } = this.#accumulators;
    if (rows === undefined) return to.appendValues(this.of(window, key, cell));
    const values = this.#values;
    const columns = this.#head(window, key);
    if (appendRows !== undefined) {
      const { builders } = to;
      return appendRows(cell, since, to, columns, () => {
        for (let i = 0; i < columns; i++) builders[i]!.append(values[i]);
      });
    }
    for (const row of rows(cell, since)) {
      for (let i = 0; i < row.length; i++) values[columns + i] = row[i];
      to.appendValues(values);
    }
  }

  /** All rows of the group. */
  rowsOf(window: object | undefined, key: string, cell: Cell): readonly (readonly unknown[])[] {
    const { rows } = this.#accumulators;
    if (rows === undefined) return [this.of(window, key, cell).slice()];
    const head = this.#values.slice(0, this.#head(window, key));
    return Array.from(rows(cell, -Infinity), (row) => [...head, ...row]);
  }

  /** In the order of the columns; good until the next call. */
  of(window: object | undefined, key: string, cell: Cell): readonly unknown[] {
    const values = this.#values;
    let column = this.#head(window, key);
    for (let i = 0; i < this.#aggregates; i++) values[column++] = this.#accumulators.result(cell, i);
    return values;
  }

  /** Window and keys. @returns how many columns they are */
  #head(window: object | undefined, key: string): number {
    const values = this.#values;
    const windowAt = this.#windowAt;
    let column = 0;
    for (const part of this.#keys.valuesOf(key)) {
      if (window !== undefined && column === windowAt) values[column++] = window;
      values[column++] = part;
    }
    if (window !== undefined && column === windowAt) values[column++] = window;
    return column;
  }
}
