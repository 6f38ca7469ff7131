// The rows of a key are in their order after a restore too; here they are in that in which they were read.
export const file = 'src/state/ranked-rows.ts';
export const from = `    if (rows.length > this.#order.rows) throw this.damaged(space.namespace);
    rows.sort(`;
export const to = `    if (rows.length > this.#order.rows) throw this.damaged(space.namespace);
    [...rows].sort(`;
