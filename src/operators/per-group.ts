/**
 * One number per key group, that only rises: up to where a group has fired, or was emitted.
 *
 * Owns: its form in snapshots (runs of equal numbers), and its restoration after key groups have moved.
 */
import type { RestoredPart } from './operator.ts';

/** [from, to, value] */
export type GroupRun = readonly [number, number, number];

export class PerGroup {
  readonly #values: Float64Array;
  readonly #owned: readonly [number, number];

  constructor(keyGroups: number, owned: readonly [number, number]) {
    this.#values = new Float64Array(keyGroups).fill(-Infinity);
    this.#owned = owned;
  }

  of(group: number): number {
    return this.#values[group]!;
  }

  /** The least over the groups that this subtask owns. */
  get least(): number {
    let least = Infinity;
    for (let group = this.#owned[0]; group < this.#owned[1]; group++) least = Math.min(least, this.#values[group]!);
    return least;
  }

  raise(to: number): void {
    for (let group = this.#owned[0]; group < this.#owned[1]; group++) {
      if (this.#values[group]! < to) this.#values[group] = to;
    }
  }

  snapshot(): readonly GroupRun[] {
    const runs: [number, number, number][] = [];
    for (let group = this.#owned[0]; group < this.#owned[1]; group++) {
      const last = runs.at(-1);
      if (last !== undefined && last[2] === this.#values[group]!) last[1] = group + 1;
      else runs.push([group, group + 1, this.#values[group]!]);
    }
    return runs;
  }

  /** Takes the runs of one part, where its groups are ours. */
  restore(part: RestoredPart, runs: readonly GroupRun[]): void {
    const lowest = Math.max(part.groups[0], this.#owned[0]);
    const highest = Math.min(part.groups[1], this.#owned[1]);
    for (const [from, to, value] of runs) {
      for (let group = Math.max(from, lowest); group < Math.min(to, highest); group++) {
        if (this.#values[group]! < value) this.#values[group] = value;
      }
    }
  }
}
