/**
 * Chance that starts anew at every event: the same seed and number give the same draws, whatever was drawn before.
 *
 * Owns: the state of one sequence of draws (xoroshiro64**), and how a seed and a number become that state: three rounds of a
 * Feistel network, so that no two numbers of one domain share a sequence. Only integer arithmetic, and products that are exact in doubles.
 */
const two32 = 2 ** 32;
const fraction = 1 / two32;
/** What a state of zeros would stay at. */
const instead = 0x9e3779b9;

/** Spreads what differs in one bit over all 32 (the finalizer of MurmurHash3). */
function mixed(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

export class Random {
  readonly #keys: readonly [number, number, number];
  #a = 0;
  #b = 0;

  /** @param domain what the numbers count: sequences of different domains have nothing in common */
  constructor(seed: number, domain: number) {
    const low = mixed(seed >>> 0) ^ mixed(Math.floor(seed / two32) + 0x7f4a7c15);
    this.#keys = [mixed(low ^ domain), mixed(low + 0x3c6ef372) ^ domain, mixed(low + 0xdaa66d2b + domain)];
  }

  /** Goes to the begin of the sequence of this number, a whole one from 0. */
  begin(number: number): void {
    const [first, second, third] = this.#keys;
    let a = number >>> 0;
    let b = Math.floor(number * fraction) ^ mixed(a + first);
    a ^= mixed(b + second);
    b ^= mixed(a + third);
    this.#a = (a | b) === 0 ? instead : a;
    this.#b = b;
  }

  /** A whole number from 0 up to 2^32. */
  bits(): number {
    const a = this.#a;
    const product = Math.imul(a, 0x9e3779bb);
    const result = Math.imul((product << 5) | (product >>> 27), 5);
    const b = this.#b ^ a;
    this.#a = ((a << 26) | (a >>> 6)) ^ b ^ (b << 9);
    this.#b = (b << 13) | (b >>> 19);
    return result >>> 0;
  }

  /** A whole number from 0 up to `end`, which is whole and at least 1. */
  below(end: number): number {
    return Math.floor(this.bits() * fraction * end);
  }
}
