// that the input had ended is said anew in each generation; here the word of an earlier one counts.
export const file = 'src/coordinator/coordinator.ts';
export const from = `    this.#last = this.#stopAsked ? 'stop' : null;
`;
export const to = `    this.#last = this.#stopAsked ? 'stop' : this.#last;
`;
