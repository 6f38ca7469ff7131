// where rows are taken epoch by epoch a generation ends with an epoch that is given up; here it goes on, and who has seen the barrier has another batch than who has not.
export const file = 'src/coordinator/checkpoints.ts';
export const from = `    if (this.#isPerEpoch) this.#giveUp(`;
export const to = `    if (this.#isPerEpoch && this.#over) this.#giveUp(`;
