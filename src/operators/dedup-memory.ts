/**
 * Which keys have come already: a set of keys for each stretch of time, dropped as a whole once nothing in it is remembered any more.
 *
 * Owns: the table `seen`, whose namespaces are those stretches, and when they are dropped. No row is kept. Does not own: which rows are
 * late (dedup-operator.ts).
 * Invariants: DE1 of a key that is remembered there is one entry; DE2 what is dropped is remembered by nobody.
 */
import type { StateTable, ValueCodec } from '../state/index.ts';
import type { GroupedKey } from './key.ts';
import type { OperatorContext } from './operator.ts';

export interface DedupMemory {
  /** True: the key was not remembered at `now`; it is from here on, as that of a row at `time`. */
  add(key: GroupedKey, time: number, now: number): boolean;
  /** No row comes any more whose `now` is earlier. */
  forget(now: number): void;
  /** After a restore: what lies beside the table. */
  recall(): void;
  /** For people: the time from which on a key is not remembered any more, infinite for one that always is; undefined: it is not known. */
  until(key: string): number | undefined;
}

/** Of stretches that are one key's time or more. */
const passedStretchMs = 1000;
/** What expires lies in about so many stretches: each is looked into for a key that is new, and outlives what is first in it by as much. */
const expiringStretches = 4;

const nothing: ValueCodec<true> = { id: 'nothing', asBytes: true, write: () => undefined, read: () => true };
const expiry: ValueCodec<number> = { id: 'expiry', asBytes: true, write: (out, at) => out.f64(at), read: (from) => from.f64() };

/** The time is a part of the key, so that rows with the same key lie in the same stretch. */
export class PassedMemory implements DedupMemory {
  readonly #seen: StateTable<true>;
  /** The first end of a stretch. */
  #nextEnd = Infinity;

  constructor(context: OperatorContext) {
    this.#seen = context.table('seen', nothing);
  }

  add({ key, group }: GroupedKey, time: number): boolean {
    const stretch = Math.floor(time / passedStretchMs);
    if (this.#seen.get(stretch, key) !== undefined) return false;
    this.#seen.put(stretch, key, group, true);
    this.#nextEnd = Math.min(this.#nextEnd, endOf(stretch));
    return true;
  }

  forget(now: number): void {
    if (now < this.#nextEnd) return;
    for (const stretch of [...this.#seen.namespaces()]) if (endOf(stretch) <= now) this.#seen.drop(stretch);
    this.recall();
  }

  until(key: string): number | undefined {
    const stretch = [...this.#seen.namespaces()].find((each) => this.#seen.get(each, key) !== undefined);
    return stretch === undefined ? undefined : endOf(stretch);
  }

  recall(): void {
    this.#nextEnd = Infinity;
    for (const stretch of this.#seen.namespaces()) this.#nextEnd = Math.min(this.#nextEnd, endOf(stretch));
  }
}

const endOf = (stretch: number): number => (stretch + 1) * passedStretchMs;

/** Stretches are those of the times at which keys expire: a key is looked for in all of them. */
export class ExpiringMemory implements DedupMemory {
  readonly #seen: StateTable<number>;
  readonly #ms: number;
  readonly #stretchMs: number;
  /** Ascending: the last is looked at first. */
  #stretches: number[] = [];

  constructor(context: OperatorContext, ms: number) {
    this.#seen = context.table('seen', expiry);
    this.#ms = ms;
    this.#stretchMs = Math.max(1, Math.ceil(ms / expiringStretches));
  }

  add({ key, group }: GroupedKey, time: number, now: number): boolean {
    for (let i = this.#stretches.length - 1; i >= 0; i--) {
      const stretch = this.#stretches[i]!;
      const at = this.#seen.get(stretch, key);
      if (at === undefined) continue;
      if (at > now) return false;
      this.#seen.delete(stretch, key);
      break;
    }
    const expiresAt = time + this.#ms;
    const stretch = Math.ceil(expiresAt / this.#stretchMs);
    this.#seen.put(stretch, key, group, expiresAt);
    if (this.#stretches.at(-1) !== stretch && !this.#stretches.includes(stretch)) this.recall();
    return true;
  }

  forget(now: number): void {
    const [first] = this.#stretches;
    if (first === undefined || first * this.#stretchMs > now) return;
    for (const stretch of this.#stretches) if (stretch * this.#stretchMs <= now) this.#seen.drop(stretch);
    this.recall();
  }

  until(key: string): number | undefined {
    const times = this.#stretches.map((stretch) => this.#seen.get(stretch, key)).filter((at) => at !== undefined);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  recall(): void {
    this.#stretches = [...this.#seen.namespaces()].sort((a, b) => a - b);
  }
}

export class EndlessMemory implements DedupMemory {
  readonly #seen: StateTable<true>;

  constructor(context: OperatorContext) {
    this.#seen = context.table('seen', nothing);
  }

  add({ key, group }: GroupedKey): boolean {
    if (this.#seen.get(0, key) !== undefined) return false;
    this.#seen.put(0, key, group, true);
    return true;
  }

  forget(): void {}

  recall(): void {}

  until(key: string): number | undefined {
    return this.#seen.get(0, key) === undefined ? undefined : Infinity;
  }
}
