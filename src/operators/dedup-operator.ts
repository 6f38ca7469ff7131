/**
 * The first row of each key, for as long as the key is remembered.
 *
 * Owns: which rows are late, and by which time a key is forgotten. Talks through: `DedupMemory`.
 * A row is late by its stamp (T3): one at time t as the plan says of single moments (lateness.ts), a window once it has ended. Before a row is taken, its key is forgotten if that is due at
 * the watermark which the row stands for (T6), as in an engine that takes one record at a time. Rows go out as they came, with their
 * own stamps. By the clock nothing is late, and what has expired is forgotten as rows and barriers come.
 * Invariants: DE1, DE2 (dedup-memory.ts); DE3 of rows with one key, one goes out until the key is forgotten, and it is the first that came.
 */
import { type Batch, hashKey, keyGroupOf, keyValues } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import { type DedupNode, equalIsLate, type Remembered } from '../plan/index.ts';
import { orSetAside } from './dead-rows.ts';
import { type DedupMemory, EndlessMemory, ExpiringMemory, PassedMemory } from './dedup-memory.ts';
import { type GroupedKey, groupedKeys } from './key.ts';
import { type OpenGroup, openGroup } from './open-group.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { type GroupRun, PerGroup } from './per-group.ts';
import { afterAllTimes, lateFrom, timeOf } from './row-time.ts';

interface Snapshot {
  readonly fired: readonly GroupRun[];
  /** By the clock: how far it had come. */
  readonly clock: number;
}

type Verdict = 'first' | 'duplicate' | 'late';

class DedupOperator implements Operator {
  readonly #node: DedupNode;
  readonly #keysOf: (batch: Batch) => (row: number) => GroupedKey;
  /** Of the rows' time; undefined: there is none that counts. */
  readonly #column: string | undefined;
  readonly #byClock: boolean;
  readonly #equalIsLate: boolean;
  #context!: OperatorContext;
  #memory!: DedupMemory;
  /** Up to where each key group has forgotten. */
  #fired!: PerGroup;
  /** It never goes back, whatever the machine's does. */
  #clock = -Infinity;

  constructor(node: DedupNode) {
    const { remembered } = node;
    this.#node = node;
    this.#column = 'column' in remembered ? remembered.column : undefined;
    this.#equalIsLate = equalIsLate(node.input);
    this.#byClock = remembered.until === 'expired' && this.#column === undefined;
    this.#keysOf = groupedKeys({ columns: node.keys }, (key) => keyGroupOf(hashKey(key), this.#context.keyGroups));
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#memory = memoryOf(this.#node, context);
    this.#fired = new PerGroup(context.keyGroups, context.ownedGroups);
  }

  process(batch: Batch, out: Output, advanceTo: (row: number) => number): Step {
    const judge = this.#judge(batch, advanceTo);
    const firsts = new Int32Array(batch.length);
    const late: number[] = [];
    const counted = { first: 0, duplicate: 0 };
    for (let i = 0; i < batch.length; i++) {
      const verdict = orSetAside(this.#context, this.#node.site, batch, i, judge);
      if (verdict === null) continue;
      if (verdict === 'first') firsts[counted.first] = i;
      if (verdict === 'late') late.push(i);
      else counted[verdict]++;
    }
    if (late.length > 0) {
      this.#context.count('late', late.length);
      out.emit(late.length === batch.length ? batch : batch.select(Int32Array.from(late)), 'late');
    }
    if (counted.duplicate > 0) this.#context.count('duplicates', counted.duplicate);
    if (counted.first === batch.length) out.emit(batch);
    else if (counted.first > 0) out.emit(batch.select(firsts.subarray(0, counted.first)));
    return 'done';
  }

  onWatermark(watermark: number): Step {
    if (this.#column === undefined) return 'done';
    this.#fired.raise(watermark);
    this.#memory.forget(watermark);
    return 'done';
  }

  onBarrier(): Step {
    if (this.#byClock) this.#memory.forget(this.#now());
    return 'done';
  }

  openOf(key: string): readonly OpenGroup[] {
    const until = this.#until(key);
    const fired = this.#fired.of(keyGroupOf(hashKey(key), this.#context.keyGroups));
    const now = this.#byClock ? Math.max(this.#clock, this.#context.clock.now()) : fired;
    if (until === undefined || until <= now) return [];
    if (until === Infinity) return [openGroup({ what: 'remembered for ever', start: null, end: null })];
    return [openGroup({ what: 'remembered', start: null, end: until, ...(this.#byClock ? { byClock: true } : {}) })];
  }

  /** Its memory may outlive a key whose rows are late from some time on. */
  #until(key: string): number | undefined {
    const { keys, remembered } = this.#node;
    const until = this.#memory.until(key);
    if (until === undefined || remembered.until !== 'passed') return until;
    const value = keyValues(key)[keys.indexOf(remembered.column)];
    if (value === null) return Infinity;
    return lateFrom(value, timeIn(value, remembered.column, remembered.until), this.#equalIsLate);
  }

  snapshot(): Snapshot {
    return { fired: this.#fired.snapshot(), clock: this.#clock };
  }

  restore(parts: readonly RestoredPart[]): void {
    for (const part of parts) {
      const { fired, clock } = part.value as Snapshot;
      this.#fired.restore(part, fired);
      this.#clock = Math.max(this.#clock, clock);
    }
    this.#memory.recall();
  }

  #judge(batch: Batch, advanceTo: (row: number) => number): (i: number) => Verdict {
    const keyAt = this.#keysOf(batch);
    const memory = this.#memory;
    const { remembered } = this.#node;
    const column = this.#column;
    if (column === undefined) {
      const now = this.#byClock ? this.#now() : 0;
      return (i) => (memory.add(keyAt(i), now, now) ? 'first' : 'duplicate');
    }
    const timeAt = batch.reader(column);
    const stampAt = batch.stamps();
    return (i) => {
      const key = keyAt(i);
      const value = timeAt(i);
      const time = timeIn(value, column, remembered.until);
      const fired = this.#fired.of(key.group);
      if (lateFrom(value, time, this.#equalIsLate) <= Math.max(stampAt(i), fired)) return 'late';
      return memory.add(key, time, Math.max(advanceTo(i), fired)) ? 'first' : 'duplicate';
    };
  }

  #now(): number {
    this.#clock = Math.max(this.#clock, this.#context.clock.now());
    return this.#clock;
  }
}

function memoryOf({ remembered }: DedupNode, context: OperatorContext): DedupMemory {
  switch (remembered.until) {
    case 'passed':
      return new PassedMemory(context);
    case 'expired':
      return new ExpiringMemory(context, remembered.ms);
    case 'forever':
      return new EndlessMemory(context);
  }
}

function timeIn(value: unknown, column: string, until: Remembered['until']): number {
  // A key may be null; whatever else counts from the time of a row needs one.
  const time = value === null && until === 'passed' ? afterAllTimes : timeOf(value);
  if (time !== undefined) return time;
  throw new WeirError('E_VALUE', `column '${column}' holds ${value === null ? 'null' : `a ${typeof value}`}, which is no time`);
}

export function dedupOperator(node: DedupNode): Operator {
  return new DedupOperator(node);
}
