// Keys that are remembered for a while are found after a restore, in whichever stretch of time they lie; here not before one begins.
export const file = 'src/operators/dedup-operator.ts';
export const from = `    this.#memory.recall();
`;
export const to = ``;
