/**
 * How far each split of a subtask has come in event time.
 *
 * Owns: the subtask's watermark as a function of its splits (T4, T5). A split that is idle does not hold it back; one that
 * has ended counts as +Infinity, but while any other is idle that alone raises nothing. One that is pending, restored and with nothing new so far,
 * holds it back and raises nothing: it may turn out to be idle, and what it had come to then says nothing of the others.
 */
import { packValue, unpackValue } from '../batch/index.ts';
import type { SplitEvent } from './operator.ts';

export interface SplitTime {
  /** The latest event time seen; -Infinity before the first. */
  max: number;
  state: SplitEvent['state'];
  /** Of a strategy of the user's; undefined before its first row. */
  own?: { state: unknown };
}

export interface SplitSnapshot {
  readonly max: number;
  readonly own?: Uint8Array;
}

export class SplitTimes {
  readonly #delayMs: number;
  readonly #splits = new Map<string, SplitTime>();

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  get size(): number {
    return this.#splits.size;
  }

  /** A split; one that was not known enters at `floor`, the subtask's watermark (T8). */
  of(split: string, floor: number): SplitTime {
    let time = this.#splits.get(split);
    if (time === undefined) {
      time = { max: floor + this.#delayMs, state: 'active' };
      this.#splits.set(split, time);
    }
    return time;
  }

  set(split: string, state: SplitEvent['state']): void {
    this.of(split, -Infinity).state = state;
  }

  /** The source says that nothing of the split lies before `watermark`. */
  advance(split: string, watermark: number): void {
    const time = this.of(split, -Infinity);
    time.max = Math.max(time.max, watermark + this.#delayMs);
  }

  /** The same of every split. */
  advanceAll(watermark: number): void {
    for (const time of this.#splits.values()) time.max = Math.max(time.max, watermark + this.#delayMs);
  }

  watermarkOf(split: string): number {
    return (this.#splits.get(split)?.max ?? -Infinity) - this.#delayMs;
  }

  /** The least watermark over the active splits; +Infinity once all have ended; undefined while nobody can say. */
  least(): number | undefined {
    let least = Infinity;
    let allEnded = this.#splits.size > 0;
    let active = false;
    for (const { max, state } of this.#splits.values()) {
      if (state !== 'ended') allEnded = false;
      if (state === 'idle' || state === 'ended') continue;
      active ||= state === 'active';
      least = Math.min(least, max - this.#delayMs);
    }
    return active || allEnded ? least : undefined;
  }

  snapshot(split: string): SplitSnapshot | undefined {
    const time = this.#splits.get(split);
    if (time === undefined) return undefined;
    // As bytes: the strategy may go on changing what it has.
    return { max: time.max, ...(time.own === undefined ? {} : { own: packValue(time.own.state) }) };
  }

  restore(split: string, { max, own }: SplitSnapshot): void {
    this.#splits.set(split, { max, state: 'pending', ...(own === undefined ? {} : { own: { state: unpackValue(own) } }) });
  }
}
