/**
 * Joins rows that change, by their keys alone: at each barrier the result is that of the rows that are there.
 *
 * Owns: what becomes of the result as a row comes or is taken back. No row waits for a watermark: one that an outer join gives without a partner goes out with the
 * epoch, and is taken back when its first partner comes. Talks through: `CountedRows` (the rows of each side), `NetRows` (what has changed since the last
 * barrier), `JoinedRows` (rows of the result), `TouchedKeys` (which keys may be forgotten).
 * A key is forgotten whole, on both sides: what was given for it stays, and what of it is taken back later is ignored, so that nothing is ever taken back that
 * was not given.
 * Invariants: JO8 what has gone out and was not taken back is the join of the rows that are there (of keys that were not forgotten), at each barrier; within an
 * epoch each row goes out in one way only.
 */
import { type Batch, BatchBuilder, rowKind, takesBack } from '../../batch/index.ts';
import type { JoinNode } from '../../plan/index.ts';
import type { Barrier } from '../../progress/index.ts';
import { orSetAside } from '../dead-rows.ts';
import { KindedRows } from '../kinded-rows.ts';
import type { GroupedKey } from '../key.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from '../operator.ts';
import { restoredWatermark } from '../restored-watermark.ts';
import { Resumable } from '../resumable.ts';
import { CountedRows } from './counted-rows.ts';
import { JoinKeys } from './join-keys.ts';
import type { Side } from './join-times.ts';
import { JoinedRows, keptForms } from './joined-rows.ts';
import { NetRows } from './net-rows.ts';
import { PairCondition } from './pair-condition.ts';
import { type RowBytes, type RowForm, rowOf } from '../row-form.ts';
import { ShownRows } from './shown-rows.ts';
import { TouchedKeys } from './touched-keys.ts';

/** The rows that belong to one. */
interface Partners {
  readonly any: boolean;
  readonly rows: Iterable<Uint8Array>;
}
/** A row that comes, or is taken back. */
interface Change {
  readonly side: Side;
  readonly key: string;
  readonly row: Uint8Array;
  readonly times: 1 | -1;
}

class RegularJoinOperator implements Operator {
  readonly #node: JoinNode;
  readonly #work = new Resumable();
  readonly #forms: readonly [RowForm, RowForm];
  readonly #rows: BatchBuilder;
  readonly #joined: JoinedRows;
  readonly #keys: JoinKeys;
  /** Sides whose rows go out alone while they have no partner. */
  readonly #outer: readonly [boolean, boolean];
  readonly #halves: boolean;
  readonly #condition: PairCondition | undefined;
  readonly #shown: ShownRows;
  readonly #net = new NetRows();
  #context!: OperatorContext;
  #kept!: readonly [CountedRows, CountedRows];
  #touched: TouchedKeys | undefined;
  #now = 0;
  /** The last watermark that was forwarded. */
  #forwarded = -Infinity;

  constructor(node: JoinNode) {
    const { how } = node;
    this.#node = node;
    this.#forms = keptForms(node);
    this.#rows = new BatchBuilder(node.schema);
    this.#shown = new ShownRows(node, this.#forms);
    this.#joined = new JoinedRows(this.#shown.node, this.#shown.forms, this.#rows);
    this.#keys = new JoinKeys(node, () => this.#context.keyGroups);
    this.#condition = node.condition === undefined ? undefined : new PairCondition(node.condition, this.#forms);
    this.#outer = [how === 'left' || how === 'full' || how === 'anti', how === 'right' || how === 'full'];
    this.#halves = how === 'semi' || how === 'anti';
  }

  open(context: OperatorContext): void {
    const ttlMs = this.#node.regular?.ttlMs;
    this.#context = context;
    this.#now = context.epochTime;
    this.#kept = [new CountedRows(context, 'left'), new CountedRows(context, 'right')];
    this.#touched = ttlMs === undefined ? undefined : new TouchedKeys(context, ttlMs);
  }

  process(batch: Batch, _out: Output, _advanceTo: (row: number) => number, input = 0): Step {
    const side = input as Side;
    const keyAt = this.#keys.of(batch, side);
    const isNone = this.#keys.isNone(batch, side);
    const form = this.#forms[side];
    const write = form.writer(batch);
    for (let i = 0; i < batch.length; i++) {
      const at = orSetAside(this.#context, this.#node.site, batch, i, keyAt);
      if (at === null) continue;
      write(i);
      const change: Change = { side, key: at.key, row: form.copied(), times: takesBack(batch.kind(i)) ? -1 : 1 };
      if (isNone(i)) {
        this.#alone(side, change.row, change.times);
        continue;
      }
      const partners = orSetAside(this.#context, this.#node.site, batch, i, () => this.#partnersOf(change));
      if (partners !== null) this.#take(at, change, partners);
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
    for (const kept of this.#kept) kept.recall();
    this.#touched?.recall();
  }

  *#emit(time: number, out: Output): Generator<void, void> {
    const results = new KindedRows(this.#node.schema, out, { port: 'main', stamp: this.#forwarded }, this.#rows);
    for (const { left, right, times } of this.#shown.net(this.#net.take())) {
      for (let n = Math.abs(times); n > 0; n--) {
        this.#joined.append(left === null ? null : rowOf(left), right === null ? null : rowOf(right));
        results.appended(times < 0 ? rowKind.delete : rowKind.insert);
        if (results.pass()) yield;
      }
    }
    results.flush();
    this.#now = time;
    for (const key of this.#touched?.expired(time) ?? []) for (const kept of this.#kept) kept.forget(key);
  }

  /** Throws what the condition throws: then nothing has become of it. */
  #partnersOf({ side, key, row }: Change): Partners {
    const other = this.#kept[side === 0 ? 1 : 0];
    if (this.#condition === undefined) return { any: other.has(key), rows: other.of(key) };
    const own = rowOf(row);
    const rows = [...other.of(key)].filter((partner) => this.#belong(side, own, rowOf(partner)));
    return { any: rows.length > 0, rows };
  }

  /** Whether a row of a side and one of the other are a pair. */
  #belong(side: Side, row: RowBytes, partner: RowBytes): boolean {
    const [left, right] = side === 0 ? [row, partner] : [partner, row];
    return this.#condition!.meet(left, right);
  }

  #take(at: GroupedKey, change: Change, partners: Partners): void {
    const { side, row, times } = change;
    const own = this.#kept[side];
    // Of a key that was forgotten nothing is known any more.
    if (times < 0 && !own.remove(at, row)) return;
    this.#touched?.touch(at, this.#now);
    if (partners.any) this.#meet(change, partners.rows);
    else this.#alone(side, row, times);
    if (times > 0) own.add(at, row);
  }

  /** A row that has partners comes or goes. */
  #meet(change: Change, partners: Iterable<Uint8Array>): void {
    if (this.#halves) return this.#meetHalf(change, partners);
    const { side, row, times } = change;
    const other: Side = side === 0 ? 1 : 0;
    for (const partner of partners) {
      if (this.#outer[other] && this.#isOnly(change, partner)) this.#alone(other, partner, times > 0 ? -1 : 1);
      this.#net.add(side === 0 ? row : partner, side === 0 ? partner : row, times);
    }
  }

  /** A left row goes out while it has a partner (semi), or while it has none. */
  #meetHalf(change: Change, partners: Iterable<Uint8Array>): void {
    const { side, key, row, times } = change;
    const isSemi = this.#node.how === 'semi';
    if (side === 0) {
      if (isSemi) this.#net.add(row, null, times);
    } else if (this.#condition !== undefined || !this.#kept[1].has(key))
      for (const left of partners) if (this.#isOnly(change, left)) this.#net.add(left, null, times > 0 === isSemi ? 1 : -1);
  }

  /** No other row of its side belongs to this partner, which was alone before it, or is now. */
  #isOnly({ side, key }: Change, partner: Uint8Array): boolean {
    const own = this.#kept[side];
    if (this.#condition === undefined) return !own.has(key);
    const of = rowOf(partner);
    for (const row of own.of(key)) if (this.#belong(side, rowOf(row), of)) return false;
    return true;
  }

  /** What becomes of the result by a row that has no partner. */
  #alone(side: Side, row: Uint8Array, times: 1 | -1): void {
    if (this.#outer[side]) this.#net.add(side === 0 ? row : null, side === 0 ? null : row, times);
  }
}

export function regularJoinOperator(node: JoinNode): Operator {
  return new RegularJoinOperator(node);
}
