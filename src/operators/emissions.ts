/**
 * The ways in which one operator's changing result goes out, and what each has not emitted yet.
 *
 * Owns: which entries changed since an emission was last due. An entry carries the ordinal of the last
 * row that changed it; an emission knows the ordinal up to which it has emitted, per key group. What changed in between
 * is thus state that no snapshot needs to list; the index of it here is rebuilt at a restore.
 */
import type { Emission } from '../plan/index.ts';
import { type Barrier, isDue } from '../progress/index.ts';
import type { OperatorContext, RestoredPart } from './operator.ts';
import { type GroupRun, PerGroup } from './per-group.ts';

/** An entry of a state table whose changes go out. */
export interface Changing {
  /** Ordinal of the row that made the entry. */
  readonly first: number;
  /** Ordinal of the last row that changed it. */
  readonly last: number;
}

export interface EmissionState {
  readonly emitted: readonly GroupRun[];
}

export class PendingEmission {
  readonly emission: Emission;
  readonly emitted: PerGroup;
  /** Keys that changed, by namespace. */
  readonly changed: Map<number, Set<string>> = new Map();

  constructor(emission: Emission, context: OperatorContext) {
    this.emission = emission;
    this.emitted = new PerGroup(context.keyGroups, context.ownedGroups);
  }

  isChanged(entry: Changing, group: number): boolean {
    return entry.last > this.emitted.of(group);
  }

  mark(namespace: number, key: string): void {
    const keys = this.changed.get(namespace);
    if (keys === undefined) this.changed.set(namespace, new Set([key]));
    else keys.add(key);
  }

  /** Everything up to `ordinal` has gone out. */
  done(ordinal: number): void {
    this.emitted.raise(ordinal);
    this.changed.clear();
  }
}

export class Emissions {
  /** Of mode append; rows go out when they are final. */
  readonly append: readonly Emission[];
  /** Of mode update and retract; rows that have changed go out. */
  readonly update: readonly PendingEmission[];
  readonly complete: readonly PendingEmission[];

  constructor(emissions: readonly Emission[], context: OperatorContext) {
    const pending = (...modes: Emission['mode'][]): PendingEmission[] =>
      emissions.filter(({ mode }) => modes.includes(mode)).map((each) => new PendingEmission(each, context));
    this.append = emissions.filter(({ mode }) => mode === 'append');
    this.update = pending('update', 'retract');
    this.complete = pending('complete');
  }

  changed(namespace: number, key: string): void {
    for (const emission of this.update) emission.mark(namespace, key);
  }

  /** At a restore, for every entry. */
  recall(namespace: number, key: string, group: number, entry: Changing): void {
    for (const emission of this.update) if (emission.isChanged(entry, group)) emission.mark(namespace, key);
  }

  /** These namespaces are over, and what is left of them has gone out. */
  forget(namespaces: readonly number[]): void {
    for (const { changed } of this.update) for (const namespace of namespaces) changed.delete(namespace);
  }

  due(barrier: Barrier): readonly PendingEmission[] {
    return this.#timed().filter(({ emission }) => isDue(emission.everyMs, barrier));
  }

  snapshot(): Readonly<Record<string, EmissionState>> {
    return Object.fromEntries(this.#timed().map(({ emission, emitted }) => [emission.port, { emitted: emitted.snapshot() }]));
  }

  restore(part: RestoredPart, states: Readonly<Record<string, EmissionState>>): void {
    for (const pending of this.#timed()) {
      const state = states[pending.emission.port];
      if (state !== undefined) pending.emitted.restore(part, state.emitted);
    }
  }

  #timed(): readonly PendingEmission[] {
    return [...this.update, ...this.complete];
  }
}
