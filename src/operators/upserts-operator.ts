/**
 * The last row of each key, as rows that change.
 *
 * Owns: one row per key, kept as bytes, and what it was when the epoch began, of the keys that rows came for since. At the barrier each goes out whose row is another: as it
 * was and as it is, new, or gone. What it was is in memory alone, for at each barrier all of it goes out. A key that is deleted and is not there changes nothing.
 * A key is gone with the barrier before which no row has come for it for as long as the plan says, counted from the barrier of the epoch in which the last one came.
 * Talks through: `TouchedKeys` (when a row last came).
 * Invariants: UP1 of a key one row has gone out that was not taken back, at each barrier, and it is the last that came; none, if that says deleted.
 */
import { Buffer } from 'node:buffer';
import { type Batch, BatchBuilder, hashKey, keyGroupOf, rowKind } from '../batch/index.ts';
import type { UpsertsNode } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { StateTable, ValueCodec } from '../state/index.ts';
import { orSetAside } from './dead-rows.ts';
import { RowForm, rowOf, TouchedKeys } from './join/index.ts';
import { type GroupedKey, groupedKeys } from './key.ts';
import { KindedRows } from './kinded-rows.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { restoredWatermark } from './restored-watermark.ts';
import { Resumable } from './resumable.ts';

class UpsertsOperator implements Operator {
  readonly #node: UpsertsNode;
  readonly #keysOf: (batch: Batch) => (row: number) => GroupedKey;
  readonly #form: RowForm;
  readonly #rows: BatchBuilder;
  readonly #work = new Resumable();
  #context!: OperatorContext;
  #last!: StateTable<Uint8Array>;
  #touched: TouchedKeys | undefined;
  /** What keys had when the epoch began; null: nothing. */
  #before = new Map<string, Uint8Array | null>();
  /** Keys that rows came for in this epoch, where they do not last for ever. */
  #came = new Map<string, GroupedKey>();
  /** The last watermark that was forwarded. */
  #forwarded = -Infinity;

  constructor(node: UpsertsNode) {
    this.#node = node;
    this.#keysOf = groupedKeys({ columns: node.keys }, (key) => keyGroupOf(hashKey(key), this.#context.keyGroups));
    this.#form = RowForm.ofSchema(node.schema);
    this.#rows = new BatchBuilder(node.schema);
  }

  open(context: OperatorContext): void {
    const { ttlMs } = this.#node;
    this.#context = context;
    this.#last = context.table('last', rowCodec);
    this.#touched = ttlMs === undefined ? undefined : new TouchedKeys(context, ttlMs);
  }

  process(batch: Batch): Step {
    const { deleted, site } = this.#node;
    const keyAt = this.#keysOf(batch);
    const write = this.#form.writer(batch);
    const isDeleted = deleted === undefined ? () => false : batch.reader(deleted);
    for (let i = 0; i < batch.length; i++) {
      const at = orSetAside(this.#context, site, batch, i, keyAt);
      if (at === null) continue;
      if (isDeleted(i) === true) this.#delete(at.key);
      else {
        write(i);
        this.#put(at, this.#form.copied());
      }
    }
    return 'done';
  }

  onWatermark(watermark: number): Step {
    this.#forwarded = Math.max(this.#forwarded, watermark);
    return 'done';
  }

  onBarrier({ time }: Barrier, out: Output): Step {
    return this.#work.step(() => this.#emit(time, out));
  }

  snapshot(): number {
    return this.#forwarded;
  }

  restore(parts: readonly RestoredPart[]): void {
    this.#forwarded = restoredWatermark(parts);
    this.#touched?.recall();
  }

  #put(at: GroupedKey, row: Uint8Array): void {
    if (this.#touched !== undefined) this.#came.set(at.key, at);
    const known = this.#last.get(0, at.key);
    if (known !== undefined && isSame(known, row)) return;
    this.#keep(at.key, known);
    this.#last.put(0, at.key, at.group, row);
  }

  #delete(key: string): void {
    const known = this.#last.get(0, key);
    if (known === undefined) return;
    this.#keep(key, known);
    this.#last.delete(0, key);
  }

  #keep(key: string, known: Uint8Array | undefined): void {
    if (!this.#before.has(key)) this.#before.set(key, known ?? null);
  }

  *#emit(time: number, out: Output): Generator<void, void> {
    for (const at of this.#came.values()) this.#touched!.touch(at, time);
    this.#came.clear();
    for (const key of this.#touched?.expired(time) ?? []) this.#delete(key);
    const results = new KindedRows(this.#node.schema, out, { port: 'main', stamp: this.#forwarded }, this.#rows);
    for (const [key, before] of this.#before) {
      const after = this.#last.get(0, key) ?? null;
      if (before !== null && after !== null) {
        if (isSame(before, after)) continue;
        this.#append(results, before, rowKind.updateBefore);
        this.#append(results, after, rowKind.update);
      } else if (before !== null) this.#append(results, before, rowKind.delete);
      else if (after !== null) this.#append(results, after, rowKind.insert);
      if (results.pass()) yield;
    }
    results.flush();
    this.#before = new Map();
  }

  #append(results: KindedRows, row: Uint8Array, kind: number): void {
    this.#form.append(rowOf(row), this.#rows.builders, this.#rows);
    this.#rows.filled(1);
    results.appended(kind);
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const rowCodec: ValueCodec<Uint8Array> = {
  id: 'last row',
  asBytes: true,
  write: (out, row) => out.bytes(row),
  read: (from) => Uint8Array.from(from.bytes()),
};

export function upsertsOperator(node: UpsertsNode): Operator {
  return new UpsertsOperator(node);
}
