/**
 * The versions of each key: which one holds at a time, and which may still be asked for.
 *
 * Owns: one state table, by key its versions in the order of their times; and when they are dropped. Of equal times the version holds whose
 * split has the greater name, and within a split the later record: so it is the same one however splits interleave. Of rows that know neither
 * (what an aggregation gives) it is the one that came last.
 * Invariants: JO9 of the versions that the watermark has passed, a key keeps the last alone, and with a tolerance not for longer than that.
 */
import type { Batch } from '../../batch/index.ts';
import type { StateTable, ValueCodec } from '../../state/index.ts';
import { type Due, DueHeap } from '../due-heap.ts';
import type { OperatorContext } from '../operator.ts';

/** The split that a row comes from, and the number of its record there. */
export interface Place {
  readonly split: string;
  readonly record: number;
}
export interface Version extends Place {
  readonly time: number;
  /** What row-form.ts makes of it. */
  readonly bytes: Uint8Array;
}
/** A version is passed by the watermark, or is too old for every row that may come. */
interface Passing extends Due {
  readonly time: number;
}

const nowhere: Place = { split: '', record: 0 };

export class KeptVersions {
  readonly #table: StateTable<Version[]>;
  /** How old a version may be; `Infinity`: as old as it likes. */
  readonly #toleranceMs: number;
  readonly #heap = new DueHeap<Passing>();

  constructor(context: OperatorContext, toleranceMs: number) {
    this.#table = context.table('versions', versionsCodec);
    this.#toleranceMs = toleranceMs;
  }

  add(key: string, group: number, version: Version): void {
    const all = this.#table.modify(0, key);
    if (all === undefined) this.#table.put(0, key, group, [version]);
    else all.splice(placeIn(all, version), 0, version);
    this.#heap.push(passed(key, version.time));
  }

  /** All of a key, and until when each can be asked for at most. */
  of(key: string): readonly (Version & { readonly until: number })[] {
    return (this.#table.get(0, key) ?? []).map((version) => ({ ...version, until: version.time + this.#toleranceMs + 1 }));
  }

  /** The version of a key that holds at a time. */
  at(key: string, time: number): Version | undefined {
    const all = this.#table.get(0, key);
    const found = all?.[countUntil(all, time) - 1];
    return found !== undefined && found.time + this.#toleranceMs >= time ? found : undefined;
  }

  /** No row comes any more whose time is below the watermark: drops what nobody can ask for. */
  pass(watermark: number): void {
    for (let first = this.#heap.first; first !== undefined && first.at <= watermark; first = this.#heap.first) {
      this.#heap.pop();
      this.#prune(first, watermark);
    }
  }

  /** After a restore: what lies beside the table. @param firedOf the watermark that a key group has reached */
  recall(firedOf: (group: number) => number): void {
    const items: Passing[] = [];
    for (const { key, group, value } of this.#table.entries(0))
      for (const { time } of value) {
        if (time >= firedOf(group)) items.push(passed(key, time));
        else if (this.#toleranceMs < Infinity) items.push(this.#over(key, time));
      }
    this.#heap.fill(items);
  }

  #prune({ key, time, at }: Passing, watermark: number): void {
    const all = this.#table.get(0, key);
    const last = all === undefined ? -1 : countUntil(all, watermark) - 1;
    if (all === undefined || last < 0) return;
    const latest = all[last]!.time;
    const isOver = latest + this.#toleranceMs < watermark;
    const dropped = isOver ? last + 1 : last;
    if (dropped === all.length) this.#table.delete(0, key);
    else if (dropped > 0) this.#table.modify(0, key)!.splice(0, dropped);
    if (!isOver && latest === time && at === time + 1 && this.#toleranceMs < Infinity) this.#heap.push(this.#over(key, time));
  }

  #over(key: string, time: number): Passing {
    return { at: time + this.#toleranceMs + 1, ordinal: 0, key, time };
  }
}

const passed = (key: string, time: number): Passing => ({ at: time + 1, ordinal: 0, key, time });

/** Where the rows of a batch come from, by logical row. */
export function placesOf(batch: Batch): (i: number) => Place {
  const { origin } = batch.system;
  if (origin === undefined) return () => nowhere;
  const { split, first, records } = origin;
  return (i) => {
    const row = batch.physical(i);
    return { split, record: first + (records?.[row] ?? row) };
  };
}

/** How many of them have a time that is not above this one. */
function countUntil(all: readonly Version[], time: number): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Behind all that it holds against. */
function placeIn(all: readonly Version[], version: Version): number {
  let at = countUntil(all, version.time);
  while (at > 0 && all[at - 1]!.time === version.time && isBefore(version, all[at - 1]!)) at--;
  return at;
}

function isBefore(a: Place, b: Place): boolean {
  return a.split === b.split ? a.record < b.record : a.split < b.split;
}

const versionsCodec: ValueCodec<Version[]> = {
  id: 'versions of a key, as bytes',
  write(out, versions) {
    out.varint(versions.length);
    for (const { time, split, record, bytes } of versions) {
      out.f64(time);
      out.string(split);
      out.varint(record);
      out.bytes(bytes);
    }
  },
  read: (from) =>
    Array.from({ length: from.varint() }, () => ({
      time: from.f64(),
      split: from.string(),
      record: from.varint(),
      bytes: Uint8Array.from(from.bytes()),
    })),
};
