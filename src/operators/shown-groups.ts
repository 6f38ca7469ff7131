/**
 * What of each key was last given out of its window, where that stays: a result that changes.
 *
 * Owns: the table of it, what has changed in it since each emission was last due, and what it was before. Does not own: when something is given out
 * (global-window-operator.ts). An entry stays as long as somebody may ask for it again: a complete result, or one that is taken back; otherwise until it has
 * gone out everywhere.
 */
import { hashKey, keyGroupOf, rowKind } from '../batch/index.ts';
import type { AggregateNode, Emission } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { StateTable, TableEntry } from '../state/index.ts';
import type { Accumulators } from './accumulators.ts';
import type { Cell } from './cell.ts';
import { ChangedRows } from './changed-rows.ts';
import { type EmissionState, Emissions, type PendingEmission } from './emissions.ts';
import type { GroupValues } from './group-values.ts';
import type { OperatorContext, Output, RestoredPart } from './operator.ts';
import { ResultRows } from './result-rows.ts';

export interface ShownOptions {
  readonly node: AggregateNode;
  readonly emissions: readonly Emission[];
  readonly accumulators: Accumulators;
  readonly values: GroupValues;
  readonly context: OperatorContext;
}

export class ShownGroups {
  readonly #options: ShownOptions;
  readonly #table: StateTable<Cell>;
  readonly #emissions: Emissions;
  readonly #stays: boolean;
  /** Of the keys that have changed in this epoch, what they had before, where that is to be taken back; null: nothing. */
  readonly #before: Map<string, Cell | null> | undefined;

  constructor(options: ShownOptions) {
    const { emissions, accumulators, context } = options;
    this.#options = options;
    this.#table = context.table('shown', accumulators.codec);
    this.#emissions = new Emissions(emissions, context);
    this.#before = emissions.some(({ mode }) => mode === 'retract') ? new Map() : undefined;
    this.#stays = emissions.some(({ mode }) => mode === 'retract' || mode === 'complete');
  }

  /** What the cell holds now is the key's row, from here on. `ordinal` is greater than any before. */
  show(key: string, group: number, cell: Cell, ordinal: number): void {
    const known = this.#table.get(0, key);
    if (this.#before?.has(key) === false) this.#before.set(key, known ?? null);
    const copy = this.#options.accumulators.copy(cell);
    this.#table.put(0, key, group, { ...copy, first: known?.first ?? ordinal, last: ordinal });
    this.#emissions.changed(0, key);
  }

  *emitDue(barrier: Barrier, out: Output, stamp: number, ordinal: number): Generator<void, void> {
    const due = this.#emissions.due(barrier);
    for (const pending of due) {
      const { mode, port } = pending.emission;
      if (mode === 'retract') yield* this.#emitRetracted(pending, out, stamp);
      else if (mode === 'update')
        yield* this.#emit(this.#changed(pending), new ResultRows(this.#schema, out, { port, stamp, kind: rowKind.update }));
      else {
        const whole = { port, stamp, kind: rowKind.insert, emission: barrier.epoch };
        yield* this.#emit([...this.#table.entries(0)], new ResultRows(this.#schema, out, whole));
      }
    }
    const shown = this.#stays ? [] : due.flatMap((pending) => [...(pending.changed.get(0) ?? [])]);
    for (const pending of due) pending.done(ordinal);
    this.#drop(shown);
  }

  snapshot(): Readonly<Record<string, EmissionState>> {
    return this.#emissions.snapshot();
  }

  restore(part: RestoredPart, emissions: Readonly<Record<string, EmissionState>>): void {
    this.#emissions.restore(part, emissions);
  }

  /** After a restore. */
  recall(): void {
    for (const { key, group, value } of this.#table.entries(0)) this.#emissions.recall(0, key, group, value);
  }

  get #schema(): AggregateNode['schema'] {
    return this.#options.node.schema;
  }

  /** Nobody asks again for what has gone out everywhere. */
  #drop(keys: readonly string[]): void {
    for (const key of keys)
      if (this.#emissions.update.every(({ changed }) => changed.get(0)?.has(key) !== true)) this.#table.delete(0, key);
  }

  #changed(pending: PendingEmission): TableEntry<Cell>[] {
    const { keyGroups } = this.#options.context;
    const keys = [...(pending.changed.get(0) ?? [])];
    return keys.map((key) => ({ key, group: keyGroupOf(hashKey(key), keyGroups), value: this.#table.get(0, key)! }));
  }

  *#emit(entries: TableEntry<Cell>[], results: ResultRows): Generator<void, void> {
    for (const { key, value } of entries.sort(byArrival)) {
      this.#options.values.append(results.rows, undefined, key, value);
      if (results.pass()) yield;
    }
    results.flush();
  }

  *#emitRetracted(pending: PendingEmission, out: Output, stamp: number): Generator<void, void> {
    const { values } = this.#options;
    const results = new ChangedRows(this.#schema, out, { port: pending.emission.port, stamp, retracted: true });
    for (const { key, group, value } of this.#changed(pending).sort(byArrival)) {
      const before = this.#before!.get(key);
      const known = before !== undefined && before !== null && !pending.isChanged(before, group);
      results.add(known ? values.rowsOf(undefined, key, before) : [], values.rowsOf(undefined, key, value));
      if (results.pass()) yield;
    }
    results.flush();
    this.#before!.clear();
  }
}

const byArrival = (a: TableEntry<Cell>, b: TableEntry<Cell>): number => a.value.first - b.value.first || (a.key < b.key ? -1 : 1);
