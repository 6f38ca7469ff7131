/**
 * Sources of one group are read together: whose turn it is not.
 *
 * Owns: what a subtask may read, what it says of itself, and what becomes of that. `AlignedSplits` is of one subtask, `AlignedGroups` of the
 * coordinator, which hears all of them. Watermarks: -Infinity is that of a split of which nothing has come, +Infinity stands for nobody that
 * has to be waited for.
 * Invariants: AL1 the split that is furthest behind is read: what is known of the others is at most a quarter of the drift too old; AL2 whoever
 * is idle, has ended or has come to the end of this run holds nobody back; AL3 a word goes out for each quarter of the drift at most, and when
 * somebody comes, goes or falls back.
 */
export class AlignedSplits {
  readonly #maxDriftMs: number;
  /** Of the whole group, as far as is known. */
  #least = -Infinity;
  #said = -Infinity;

  constructor(maxDriftMs: number) {
    this.#maxDriftMs = maxDriftMs;
  }

  mayRead(watermark: number): boolean {
    return watermark <= this.#least + this.#maxDriftMs;
  }

  hear(least: number): void {
    this.#least = least;
  }

  /** What is to be said now, if anything. @param least of the splits that others have to wait for; +Infinity = none */
  say(least: number): number | undefined {
    if (least === this.#said) return undefined;
    const isSmall = least > this.#said && least - this.#said < this.#maxDriftMs / 4;
    if (isSmall) return undefined;
    this.#said = least;
    return least;
  }
}

export interface GroupLeast {
  readonly group: string;
  readonly least: number;
}

export class AlignedGroups {
  readonly #groupOf: ReadonlyMap<string, string>;
  readonly #said = new Map<string, number>();
  readonly #least = new Map<string, number>();

  /** @param groupOf of each subtask that has splits to read: until it has said something, its group waits for it */
  constructor(groupOf: ReadonlyMap<string, string>) {
    this.#groupOf = groupOf;
    for (const subtask of groupOf.keys()) this.#said.set(subtask, -Infinity);
    for (const group of groupOf.values()) this.#least.set(group, -Infinity);
  }

  /** The least of its group, where it has changed. */
  hear(subtask: string, watermark: number): GroupLeast | undefined {
    const group = this.#groupOf.get(subtask);
    if (group === undefined) return undefined;
    this.#said.set(subtask, watermark);
    let least = Infinity;
    for (const [other, said] of this.#said) if (this.#groupOf.get(other) === group) least = Math.min(least, said);
    if (least === this.#least.get(group)) return undefined;
    this.#least.set(group, least);
    return { group, least };
  }
}
