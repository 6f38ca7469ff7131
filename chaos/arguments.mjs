// The words of a chaos program: `--kills 20 --json --break NAME`.

/**
 * @param names that there are, without dashes
 * @returns the values of `--name value` words, and true for a `--name` without one; ends the program where a word is none of these
 */
export function words(argv, names) {
  const found = {};
  for (let i = 0; i < argv.length; i++) {
    const name = argv[i].startsWith('--') ? argv[i].slice(2) : undefined;
    if (!names.includes(name)) {
      process.stderr.write(`there is no '${argv[i]}' here: there are ${names.map((each) => `--${each}`).join(', ')}\n`);
      process.exit(2);
    }
    const next = argv[i + 1];
    found[name] = next === undefined || next.startsWith('--') ? true : argv[++i];
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
