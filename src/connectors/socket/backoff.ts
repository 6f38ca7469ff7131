/** Milliseconds to wait before each try: doubling from the least to the most, and from the least again after a success. */
export class Backoff {
  readonly #leastMs: number;
  readonly #mostMs: number;
  #nextMs: number;

  constructor(leastMs: number, mostMs: number) {
    this.#leastMs = leastMs;
    this.#mostMs = mostMs;
    this.#nextMs = leastMs;
  }

  next(): number {
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(this.#mostMs, delayMs * 2);
    return delayMs;
  }

  succeeded(): void {
    this.#nextMs = this.#leastMs;
  }
}
