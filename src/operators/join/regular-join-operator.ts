/**
 * Joins rows that change, by their keys alone: the result is at any time that of the rows that are there.
 *
 * Owns: what goes out as a row comes or is taken back. A row without a partner that an outer join gives goes out at once, and is taken back when its first partner
 * comes. Talks through: `CountedRows` (the rows of each side), `JoinedRows` (rows of the result), `TouchedKeys` (which keys may be forgotten).
 * A key is forgotten whole, on both sides: what was given for it stays, and what of it is taken back later is ignored, so that nothing is ever taken back that
 * was not given.
 * Invariants: JO8 what has gone out and was not taken back is the join of the rows that are there (of keys that were not forgotten).
 */
import { type Batch, BatchBuilder, rowKind, takesBack } from '../../batch/index.ts';
import type { JoinNode } from '../../plan/index.ts';
import type { Barrier } from '../../progress/index.ts';
import { orSetAside } from '../dead-rows.ts';
import { KindedRows } from '../kinded-rows.ts';
import type { GroupedKey } from '../key.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from '../operator.ts';
import { Resumable } from '../resumable.ts';
import { CountedRows } from './counted-rows.ts';
import { JoinKeys } from './join-keys.ts';
import type { Side } from './join-times.ts';
import { JoinedRows, keptForms } from './joined-rows.ts';
import type { RowBytes, RowForm } from './row-form.ts';
import { TouchedKeys } from './touched-keys.ts';

const { insert, delete: gone } = rowKind;

/** A row is taken back. `turns`: it is the first of its side, or was the last, so its partners were alone or are. */
interface Change {
  readonly back: boolean;
  readonly turns: boolean;
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
    this.#joined = new JoinedRows(node, this.#forms, this.#rows);
    this.#keys = new JoinKeys(node, () => this.#context.keyGroups);
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

  process(batch: Batch, out: Output, _advanceTo: (row: number) => number, input = 0): Step {
    return this.#work.step(() => this.#take(batch, out, input as Side));
  }

  onWatermark(watermark: number): Step {
    this.#forwarded = Math.max(this.#forwarded, watermark);
    return 'done';
  }

  onBarrier({ time }: Barrier): Step {
    this.#now = time;
    for (const key of this.#touched?.expired(time) ?? []) for (const kept of this.#kept) kept.forget(key);
    return 'done';
  }

  snapshot(): number {
    return this.#forwarded;
  }

  restore(parts: readonly RestoredPart[]): void {
    this.#forwarded = parts.length === 0 ? -Infinity : Math.min(...parts.map(({ value }) => value as number));
    for (const kept of this.#kept) kept.recall();
    this.#touched?.recall();
  }

  *#take(batch: Batch, out: Output, side: Side): Generator<void, void> {
    const keyAt = this.#keys.of(batch, side);
    const isNone = this.#keys.isNone(batch, side);
    const form = this.#forms[side];
    const write = form.writer(batch);
    const results = new KindedRows(this.#node.schema, out, { port: 'main', stamp: this.#forwarded }, this.#rows);
    for (let i = 0; i < batch.length; i++) {
      const at = orSetAside(this.#context, this.#node.site, batch, i, keyAt);
      if (at === null) continue;
      write(i);
      const back = takesBack(batch.kind(i));
      if (isNone(i)) this.#alone(side, form, back, results);
      else
        for (const _ of back ? this.#leave(side, at, form, results) : this.#come(side, at, form, results))
          if (results.pass()) yield;
      if (results.pass()) yield;
    }
    results.flush();
  }

  /** Yields where there may be enough. */
  *#come(side: Side, at: GroupedKey, form: RowForm, results: KindedRows): Generator<void, void> {
    const other: Side = side === 0 ? 1 : 0;
    const isFirst = !this.#kept[side].has(at.key);
    if (!this.#kept[other].has(at.key)) this.#alone(side, form, false, results);
    else yield* this.#meet(side, at.key, form, { back: false, turns: isFirst }, results);
    this.#kept[side].add(at, form);
    this.#touched?.touch(at, this.#now);
  }

  *#leave(side: Side, at: GroupedKey, form: RowForm, results: KindedRows): Generator<void, void> {
    // Of a key that was forgotten nothing is known any more.
    if (!this.#kept[side].remove(at, form)) return;
    const other: Side = side === 0 ? 1 : 0;
    this.#touched?.touch(at, this.#now);
    if (!this.#kept[other].has(at.key)) this.#alone(side, form, true, results);
    else yield* this.#meet(side, at.key, form, { back: true, turns: !this.#kept[side].has(at.key) }, results);
  }

  /** A row that has partners comes or goes. */
  *#meet(side: Side, key: string, row: RowBytes, { back, turns }: Change, results: KindedRows): Generator<void, void> {
    if (this.#halves) return yield* this.#meetHalf(side, key, row, { back, turns }, results);
    const other: Side = side === 0 ? 1 : 0;
    for (const partner of this.#kept[other].of(key)) {
      if (turns && !back) this.#alone(other, partner, true, results);
      this.#append(side === 0 ? row : partner, side === 0 ? partner : row, back ? gone : insert, results);
      if (turns && back) this.#alone(other, partner, false, results);
      yield;
    }
  }

  /** A left row goes out while it has a partner (semi), or while it has none. */
  *#meetHalf(side: Side, key: string, row: RowBytes, { back, turns }: Change, results: KindedRows): Generator<void, void> {
    const isSemi = this.#node.how === 'semi';
    if (side === 0) {
      if (isSemi) this.#append(row, null, back ? gone : insert, results);
      return;
    }
    for (const left of turns ? this.#kept[0].of(key) : []) {
      this.#append(left, null, back === isSemi ? gone : insert, results);
      yield;
    }
  }

  /** What goes out of a row that has no partner. */
  #alone(side: Side, row: RowBytes, back: boolean, results: KindedRows): void {
    if (!this.#outer[side]) return;
    this.#append(side === 0 ? row : null, side === 0 ? null : row, back ? gone : insert, results);
  }

  #append(left: RowBytes | null, right: RowBytes | null, kind: number, results: KindedRows): void {
    this.#joined.append(left, right);
    results.appended(kind);
  }
}

export function regularJoinOperator(node: JoinNode): Operator {
  return new RegularJoinOperator(node);
}
