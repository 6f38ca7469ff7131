/**
 * The cells of an aggregation in slots outside of the heap: a row finds its cell by the bytes of its key, and is accumulated where that lies.
 *
 * Owns: what becomes of a row. For aggregates whose accumulators have a size that is known, of rows that are never taken back; such never throw.
 * Does not own: all else that is asked of cells (aggregate-state.ts).
 */
import { type Batch, KeyBytes, keyGroupOf } from '../batch/index.ts';
import type { SlotMerge, SlotTable } from '../state/index.ts';
import { AggregateState, type CellOptions } from './aggregate-state.ts';
import type { Cell } from './cell.ts';
import { type GroupRows, inOrder, type KeyCell, neverTakenBack, type Wanted } from './group-state.ts';
import { keyBytesOf } from './key-bytes.ts';

export interface SlotOptions extends CellOptions {
  readonly table: SlotTable<Cell>;
}

export class SlotState extends AggregateState {
  readonly #table: SlotTable<Cell>;
  readonly #keys: readonly string[];
  readonly #keyGroups: number;
  readonly #counted: SlotOptions['counted'];
  readonly #key = new KeyBytes();
  readonly #merge: SlotMerge;
  /** A round ends with each emission: what has changed is then news again. */
  readonly #change: { round: number; readonly empty: Uint8Array };

  constructor(options: SlotOptions) {
    super(options);
    this.#table = options.table;
    this.#keys = options.keys;
    this.#keyGroups = options.context.keyGroups;
    this.#counted = options.counted;
    this.#merge = (...places) => options.accumulators.mergeSlots(...places);
    this.#change = { round: 1, empty: options.accumulators.emptySlots() };
  }

  override rowsOf(batch: Batch): GroupRows {
    const { accumulators } = this;
    const key = this.#key;
    const keyAt = keyBytesOf(batch, this.#keys, key);
    const readers = accumulators.readers(batch);
    const values: unknown[] = readers.map(() => null);
    let row = 0;
    let group = 0;
    return {
      turn(i) {
        row = i;
        for (let a = 0; a < readers.length; a++) values[a] = readers[a]!(i);
      },
      group: () => (group = keyGroupOf(keyAt(row), this.#keyGroups)),
      check: () => accumulators.check(values),
      key: () => key.text(),
      has: neverTakenBack,
      add: (namespace) => this.#add(namespace, group, values),
      takeBack: neverTakenBack,
    };
  }

  #add(namespace: number, group: number, values: readonly unknown[]): void {
    const { accumulators } = this;
    const key = this.#key;
    const ordinal = ++this.ordinal;
    if (this.images !== undefined) this.#keep(namespace, key.text());
    const place = this.#table.changeAt(namespace, key, group, this.#change);
    const isNews = place?.isFirst !== false;
    const done = place === undefined ? 0 : accumulators.accumulateIn(place, values, ordinal);
    if (done !== true) {
      // It does not fit, or has just been restored.
      const text = key.text();
      const cell = this.#table.get(namespace, text)!;
      accumulators.accumulate(cell, values, ordinal, done);
      this.#table.put(namespace, text, group, cell);
    }
    if (isNews) this.#counted?.(namespace, key.text());
  }

  #keep(namespace: number, key: string): void {
    this.images!.keep(namespace, key, this.#table.get(namespace, key));
  }

  override merged(namespaces: Iterable<number>, wanted: Wanted): Iterable<KeyCell> {
    const all = [...namespaces];
    const cells = all.length > 1 ? this.#table.merged(all, wanted, this.#merge) : undefined;
    return cells === undefined ? super.merged(all, wanted) : inOrder(cells);
  }

  override emitted(): void {
    this.#change.round++;
  }
}
