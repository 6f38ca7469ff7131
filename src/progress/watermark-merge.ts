/**
 * The watermark of a subtask: the least of its inputs' that are not idle, and never back.
 *
 * Owns: T3's merge. Invariants: W1 the merged watermark never falls; W2 an idle input does not hold it back; W3 when all
 * inputs are idle it stays, and so it does when the others have ended (a watermark of +∞): that alone says nothing of those that are idle;
 * W4 a timeless input, which says nothing of time but its end, holds back only the end of time.
 */
export class WatermarkMerge {
  readonly #watermarks: Float64Array;
  readonly #idle: Uint8Array;
  readonly #timeless: readonly number[];
  #merged = -Infinity;

  /** @param timeless by index; not all of them */
  constructor(inputs: number, timeless: readonly number[] = []) {
    this.#timeless = timeless;
    this.#watermarks = new Float64Array(inputs).fill(-Infinity);
    this.#idle = new Uint8Array(inputs);
  }

  get merged(): number {
    return this.#merged;
  }

  /** None holds back whoever comes next: at least one is idle, and each of the others is, or has ended. */
  get allIdle(): boolean {
    return this.#idle.includes(1) && this.#watermarks.every((watermark, i) => this.#idle[i] === 1 || watermark === Infinity);
  }

  /** The new merged watermark if it rose, else undefined. */
  advance(input: number, watermark: number): number | undefined {
    if (watermark > this.#watermarks[input]!) this.#watermarks[input] = watermark;
    return this.#raise();
  }

  /** As `advance`. An input that wakes up holds the watermark back from now on. */
  setIdle(input: number, idle: boolean): number | undefined {
    this.#idle[input] = idle ? 1 : 0;
    return this.#raise();
  }

  /** What the merged watermark is once `input` has reached `watermark`, without recording it (T6). */
  ifAdvanced(input: number, watermark: number): number {
    if (this.#timeless.includes(input)) return this.#merged;
    let least = Math.max(watermark, this.#watermarks[input]!);
    for (let i = 0; i < this.#watermarks.length; i++) {
      if (i !== input && this.#holds(i) && this.#watermarks[i]! < least) least = this.#watermarks[i]!;
    }
    return least === Infinity && !this.#othersEnded(input) ? this.#merged : Math.max(least, this.#merged);
  }

  /** T9: a restored watermark is a floor. */
  restore(watermark: number): void {
    if (watermark > this.#merged) this.#merged = watermark;
  }

  #raise(): number | undefined {
    let least = Infinity;
    let active = false;
    for (let i = 0; i < this.#watermarks.length; i++) {
      if (!this.#holds(i)) continue;
      active = true;
      if (this.#watermarks[i]! < least) least = this.#watermarks[i]!;
    }
    if (!active || least <= this.#merged || (least === Infinity && !this.#othersEnded())) return undefined;
    this.#merged = least;
    return least;
  }

  #holds(input: number): boolean {
    return this.#idle[input] === 0 && !this.#timeless.includes(input);
  }

  /** Of those that do not hold the watermark back: all but one, if it is given. */
  #othersEnded(but = -1): boolean {
    const isOver = (input: number): boolean => this.#idle[input] === 0 && this.#watermarks[input] === Infinity;
    return this.#watermarks.every((_, input) => input === but || this.#holds(input) || isOver(input));
  }
}
