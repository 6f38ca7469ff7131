// U1: a key has a timer once per time; here each one twice after a restore.
export const file = 'src/operators/timers.ts';
export const from = `    for (const { key, value } of this.#table.entries(0)) {
`;
export const to = `    for (const { key, value } of this.#table.entries(0)) {
      value.times.push(...value.times);
`;
