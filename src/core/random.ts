/** Randomness, injected: the real one in production, a seeded one in tests and in the simulator. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A random id of 128 bits, as 32 hexadecimal digits. */
  id(): string;
}

/** A small seeded generator (mulberry32): one seed, one sequence, on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const word = (): string =>
    Math.floor(next() * 4_294_967_296)
      .toString(16)
      .padStart(8, '0');
  return { next, id: () => word() + word() + word() + word() };
}
