// CS: a store that failed in a move may have made it, and the cell knows; here it is taken for not made.
export const file = 'src/coordinator/checkpoint-store.ts';
export const from = `    await this.#settleDoubt();
    const before = this.#pointer;
`;
export const to = `    const before = this.#pointer;
`;
