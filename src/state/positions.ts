/** Positions one behind the other: numbers that need no place on the heap. */

export class Positions {
  length = 0;
  #positions = new Int32Array(64);

  push(position: number): void {
    if (this.length === this.#positions.length) {
      const grown = new Int32Array(this.length * 2);
      grown.set(this.#positions);
      this.#positions = grown;
    }
    this.#positions[this.length++] = position;
  }

  at(i: number): number {
    return this.#positions[i]!;
  }

  /** All that there are, good until the next comes. */
  all(): Int32Array {
    return this.#positions.subarray(0, this.length);
  }

  /** The same; from now on there are none. */
  take(): Int32Array {
    const taken = this.all();
    this.#positions = new Int32Array(64);
    this.length = 0;
    return taken;
  }
}
