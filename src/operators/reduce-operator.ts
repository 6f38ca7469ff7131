/**
 * The running combination of each key's rows.
 *
 * Owns: one row per key, kept as bytes, so that what the user's function is given and gives is never shared with state.
 * Rows go out in `update` and `complete`, as of an aggregation without windows, in the order of the keys' first rows.
 * Invariants: F8 a row that the function throws on, or whose result does not fit, changes nothing.
 */
import { type Batch, ByteReader, ByteWriter, type FieldCodec, hashKey, keyGroupOf, rowCodec, rowKind } from '../batch/index.ts';
import type { Emission, ReduceNode } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';
import type { StateTable, TableEntry, ValueCodec } from '../state/index.ts';
import { setAside } from './dead-rows.ts';
import { type Progress, progressOf } from './result-snapshot.ts';
import { ResultRows } from './result-rows.ts';
import { ChangedRows } from './changed-rows.ts';
import { type Changing, type EmissionState, Emissions, type PendingEmission } from './emissions.ts';
import { keyExtractor } from './key.ts';
import type { Operator, OperatorContext, Output, RestoredPart, Step } from './operator.ts';
import { Resumable } from './resumable.ts';
import { rowResult } from './row-result.ts';

interface Reduced extends Changing {
  readonly row: Uint8Array;
}
interface Snapshot extends Progress {
  readonly emissions: Readonly<Record<string, EmissionState>>;
}

const reducedCodec: ValueCodec<Reduced> = {
  id: 'reduced row',
  write(out, { first, last, row }) {
    out.varint(first);
    out.varint(last);
    out.bytes(row);
  },
  read: (from) => ({ first: from.varint(), last: from.varint(), row: from.bytes() }),
};

class ReduceOperator implements Operator {
  readonly #node: ReduceNode;
  readonly #wanted: readonly Emission[];
  readonly #keyOf: (batch: Batch) => (row: number) => string;
  readonly #work = new Resumable();
  readonly #scratch = new ByteWriter();
  readonly #codec: FieldCodec<object>;
  #context!: OperatorContext;
  #table!: StateTable<Reduced>;
  #emissions!: Emissions;
  #ordinal = 0;
  /** Of the keys that have changed in this epoch, what they had before, where that is to be taken back; null: nothing. */
  readonly #before: Map<string, Reduced | null> | undefined;
  #forwarded = -Infinity;

  constructor(node: ReduceNode, emissions: readonly Emission[]) {
    this.#node = node;
    this.#wanted = emissions;
    this.#keyOf = keyExtractor(node.key);
    this.#codec = rowCodec(node.schema);
    this.#before = emissions.some(({ mode }) => mode === 'retract') ? new Map() : undefined;
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#table = context.table('rows', reducedCodec);
    this.#emissions = new Emissions(this.#wanted, context);
  }

  process(batch: Batch): Step {
    const keyAt = this.#keyOf(batch);
    for (let i = 0; i < batch.length; i++) {
      try {
        this.#reduce(keyAt(i), batch.row(i));
      } catch (thrown) {
        setAside(this.#context, this.#node.site, batch, i, thrown);
      }
    }
    return 'done';
  }

  onWatermark(watermark: number): Step {
    this.#forwarded = Math.max(this.#forwarded, watermark);
    return 'done';
  }

  onBarrier(barrier: Barrier, out: Output): Step {
    return this.#work.step(() => this.#emitDue(barrier, out));
  }

  snapshot(): Snapshot {
    return { ordinal: this.#ordinal, forwarded: this.#forwarded, emissions: this.#emissions.snapshot() };
  }

  restore(parts: readonly RestoredPart[]): void {
    for (const part of parts) this.#emissions.restore(part, (part.value as Snapshot).emissions);
    ({ ordinal: this.#ordinal, forwarded: this.#forwarded } = progressOf(parts));
    for (const { key, group, value } of this.#table.entries(0)) this.#emissions.recall(0, key, group, value);
  }

  #reduce(key: string, row: object): void {
    const known = this.#table.get(0, key);
    const reduced =
      known === undefined ? row : rowResult(this.#node, this.#node.fn(this.#decode(known.row) as never, row as never));
    const bytes = this.#encode(reduced);
    if (this.#before?.has(key) === false) this.#before.set(key, known ?? null);
    this.#ordinal++;
    const group = keyGroupOf(hashKey(key), this.#context.keyGroups);
    this.#table.put(0, key, group, { first: known?.first ?? this.#ordinal, last: this.#ordinal, row: bytes });
    this.#emissions.changed(0, key);
  }

  #encode(row: object): Uint8Array {
    this.#scratch.reset();
    this.#codec.write(this.#scratch, row);
    return this.#scratch.finish();
  }

  #decode(bytes: Uint8Array): object {
    return this.#codec.read(new ByteReader(bytes));
  }

  *#emitDue(barrier: Barrier, out: Output): Generator<void, void> {
    for (const pending of this.#emissions.due(barrier)) {
      if (pending.emission.mode === 'retract') yield* this.#emitRetracted(pending, out);
      else yield* this.#emitWhole(pending, barrier, out);
      pending.done(this.#ordinal);
    }
  }

  *#emitWhole(pending: PendingEmission, barrier: Barrier, out: Output): Generator<void, void> {
    const update = pending.emission.mode === 'update';
    const entries = update ? this.#changed(pending) : [...this.#table.entries(0)];
    const whole = update ? { kind: rowKind.update } : { kind: rowKind.insert, emission: barrier.epoch };
    const target = { port: pending.emission.port, stamp: this.#forwarded, ...whole };
    yield* this.#emit(entries, new ResultRows(this.#node.schema, out, target));
  }

  *#emitRetracted(pending: PendingEmission, out: Output): Generator<void, void> {
    const { port } = pending.emission;
    const results = new ChangedRows(this.#node.schema, out, { port, stamp: this.#forwarded, retracted: true });
    for (const { key, group, value } of this.#changed(pending).sort(byArrival)) {
      const before = this.#before!.get(key);
      const known = before !== undefined && before !== null && !pending.isChanged(before, group);
      results.add(known ? [this.#valuesOf(before)] : [], [this.#valuesOf(value)]);
      if (results.pass()) yield;
    }
    results.flush();
    this.#before!.clear();
  }

  #valuesOf({ row }: Reduced): readonly unknown[] {
    const { schema } = this.#node;
    const decoded = this.#decode(row) as Readonly<Record<string, unknown>>;
    return schema.kind === 'any' ? [decoded] : schema.fields.map(({ name }) => decoded[name]);
  }

  #changed(pending: PendingEmission): TableEntry<Reduced>[] {
    const group = (key: string): number => keyGroupOf(hashKey(key), this.#context.keyGroups);
    return [...(pending.changed.get(0) ?? [])].map((key) => ({ key, group: group(key), value: this.#table.get(0, key)! }));
  }

  *#emit(entries: TableEntry<Reduced>[], results: ResultRows): Generator<void, void> {
    entries.sort(byArrival);
    for (const { value } of entries) {
      results.rows.append(this.#decode(value.row));
      if (results.pass()) yield;
    }
    results.flush();
  }
}

const byArrival = (a: TableEntry<Reduced>, b: TableEntry<Reduced>): number =>
  a.value.first - b.value.first || (a.key < b.key ? -1 : 1);

export function reduceOperator(node: ReduceNode, emissions: readonly Emission[]): Operator {
  return new ReduceOperator(node, emissions);
}
