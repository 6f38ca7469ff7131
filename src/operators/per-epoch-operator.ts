/**
 * Takes the rows of an epoch together, key by key, at its barrier: a micro-batch.
 *
 * Owns: the rows of the epoch that is under way, in memory alone, for at a barrier all have been taken; the state that the function has given for a key, as
 * bytes, so that what it holds is never what is kept; how many epochs there were. Keys are called in the order in which they first came.
 * Its rows go out before the barrier, so that all of an epoch, through however many of these operators, is one batch: that holds as long as nobody misses a
 * barrier, which is why the coordinator ends a generation whose epoch was given up (coordinator/checkpoints.ts).
 * Invariants: PE1 each row is in one batch, and at its barrier each key with rows or state is called once; PE2 a call that throws changes nothing.
 */
import { type Batch, hashKey, keyGroupOf, keyValues, rowKind } from '../batch/index.ts';
import type { EpochResult, PerEpochNode } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { StateTable, ValueCodec } from '../state/index.ts';
import { jsonBytes, orSetAside, setAsideOfKey } from './dead-rows.ts';
import { keptValue } from './kept-value.ts';
import { keyExtractor, keyInWords } from './key.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { Resumable } from './resumable.ts';
import { progressOf } from './result-snapshot.ts';
import { ResultRows } from './result-rows.ts';
import { closureFault } from './row-fault.ts';
import { rowResult } from './row-result.ts';

interface Kept {
  /** Which key it was, of all that ever had state. */
  readonly ordinal: number;
  readonly state: Uint8Array;
}
interface Snapshot {
  readonly batch: number;
  readonly ordinal: number;
  readonly forwarded: number;
}

const states = keptValue({ type: { kind: 'any' }, nullable: true });
const keptCodec: ValueCodec<Kept> = {
  id: 'state of a key',
  write(out, { ordinal, state }) {
    out.varint(ordinal);
    states.write(out, state);
  },
  read: (from) => ({ ordinal: from.varint(), state: states.read(from) as Uint8Array }),
};
/** Of an operator whose rows are all of one key. */
const onlyKey = '';

class PerEpochOperator implements Operator {
  readonly #node: PerEpochNode;
  readonly #keyOf: (batch: Batch) => (row: number) => string;
  readonly #work = new Resumable();
  #context!: OperatorContext;
  #table!: StateTable<Kept>;
  /** Of this epoch. */
  #rows = new Map<string, object[]>();
  #batch = 0;
  #ordinal = 0;
  #forwarded = -Infinity;

  constructor(node: PerEpochNode) {
    this.#node = node;
    this.#keyOf = keyExtractor(node.key ?? { columns: [] });
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#table = context.table('state', keptCodec);
  }

  process(batch: Batch): Step {
    const { site } = this.#node;
    const keyAt = this.#keyOf(batch);
    for (let i = 0; i < batch.length; i++) {
      const key = orSetAside(this.#context, site, batch, i, keyAt);
      if (key !== null) this.#take(batch, i, key);
    }
    return 'done';
  }

  onWatermark(watermark: number): Step {
    this.#forwarded = Math.max(this.#forwarded, watermark);
    return 'done';
  }

  onBarrier({ time }: Barrier, out: Output): Step {
    return this.#work.step(() => this.#end(time, out));
  }

  snapshot(): Snapshot {
    return { batch: this.#batch, ordinal: this.#ordinal, forwarded: this.#forwarded };
  }

  restore(parts: readonly RestoredPart[]): void {
    ({ ordinal: this.#ordinal, forwarded: this.#forwarded } = progressOf(parts));
    this.#batch = Math.max(0, ...parts.map(({ value }) => (value as Snapshot).batch));
  }

  #take(batch: Batch, i: number, key: string): void {
    const { fold, site } = this.#node;
    const row = batch.row(i);
    const before = this.#rows.get(key);
    if (before === undefined) this.#rows.set(key, [row]);
    else if (fold === undefined) before.push(row);
    else {
      try {
        before[0] = rowResult(this.#node, fold(before[0] as never, row as never));
      } catch (thrown) {
        setAsideOfKey(this.#context, site, batch, i, { key, thrown });
      }
    }
  }

  *#end(time: number, out: Output): Generator<void, void> {
    this.#batch++;
    if (this.#rows.size === 0 && this.#batch % this.#node.every !== 0) return;
    const results = new ResultRows(this.#node.schema, out, { port: 'main', kind: rowKind.insert, stamp: this.#forwarded });
    for (const key of this.#keys()) {
      for (const row of this.#call(key, time)) {
        results.rows.append(row);
        if (results.pass()) yield;
      }
    }
    results.flush();
    this.#rows = new Map();
  }

  /** Those to call: first those that have state. */
  #keys(): Iterable<string> {
    if (this.#node.key === undefined) return [onlyKey];
    const known = [...this.#table.entries(0)].sort((a, b) => a.value.ordinal - b.value.ordinal || (a.key < b.key ? -1 : 1));
    return new Set([...known.map(({ key }) => key), ...this.#rows.keys()]);
  }

  #call(key: string, time: number): readonly object[] {
    const { key: selector, onEpoch } = this.#node;
    const kept = this.#table.get(0, key);
    const rows = this.#rows.get(key) ?? [];
    const state = kept === undefined ? undefined : states.back(kept.state);
    const end = { key: selector === undefined ? null : keyValues(key)[0], state, time, batch: this.#batch };
    try {
      const result = onEpoch(rows as never, end as never);
      const given = Array.from(result.rows, (row) => rowResult(this.#node, row));
      this.#keep(key, kept, result);
      return given;
    } catch (thrown) {
      this.#refused(key, rows, thrown);
      return [];
    }
  }

  #keep(key: string, kept: Kept | undefined, { state }: EpochResult): void {
    if (state === undefined) {
      if (kept !== undefined) this.#table.delete(0, key);
      return;
    }
    const bytes = states.of(state) as Uint8Array;
    // Most keys of most epochs stay as they are, and are not written to its snapshot.
    if (kept !== undefined && isSame(kept.state, bytes)) return;
    const ordinal = kept?.ordinal ?? ++this.#ordinal;
    this.#table.put(0, key, keyGroupOf(hashKey(key), this.#context.keyGroups), { ordinal, state: bytes });
  }

  /** Guarded, the rows of the key are set aside. */
  #refused(key: string, rows: readonly object[], thrown: unknown): void {
    const { operator, guarded } = this.#context;
    const inWords = this.#node.key === undefined ? {} : { key: keyInWords(key) };
    const fault = closureFault(thrown, { operator, site: this.#node.site, position: '', ...inWords });
    if (!guarded) throw fault;
    const bytes = jsonBytes({ ...inWords, batch: this.#batch, rows });
    this.#context.deadLetter({ bytes, error: fault.message, operator, position: '' }, fault);
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export function perEpochOperator(node: PerEpochNode): Operator {
  return new PerEpochOperator(node);
}
