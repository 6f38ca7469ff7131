/** Where in a stream the frames of a journal are, as far as they were seen: appended by this process, or read. */

export interface FramePlace {
  readonly first: number;
  /** The sequence after its last entry. */
  readonly end: number;
  /** Its message. */
  readonly seq: number;
  /** The first message that belongs to it: a piece of it, or itself. */
  readonly from: number;
}

export class FrameIndex {
  /** In order. */
  #places: FramePlace[] = [];

  add(place: FramePlace): void {
    const at = this.#after(place.first);
    if (this.#places[at - 1]?.first !== place.first) this.#places.splice(at, 0, place);
  }

  /** The last one that does not begin behind this entry. */
  before(sequence: number): FramePlace | undefined {
    return this.#places[this.#after(sequence) - 1];
  }

  /** Forgets those that end before this entry. */
  trim(sequence: number): void {
    const kept = this.#places.findIndex((place) => place.end > sequence);
    this.#places = kept === -1 ? [] : this.#places.slice(kept);
  }

  /** How many begin at or before it. */
  #after(sequence: number): number {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#places[middle]!.first <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
