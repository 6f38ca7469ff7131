// The words of a chaos program: `--kills 20 --json --break NAME`.

/** @returns the values of `--name value` words, and true for a `--name` without one */
export function words(argv) {
  const found = {};
  for (let i = 0; i < argv.length; i++) {
    if (!argv[i].startsWith('--')) throw new Error(`unexpected word '${argv[i]}'`);
    const next = argv[i + 1];
    found[argv[i].slice(2)] = next === undefined || next.startsWith('--') ? true : argv[++i];
  }
  return found;
}

/** A small seeded generator: one seed, one sequence (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
