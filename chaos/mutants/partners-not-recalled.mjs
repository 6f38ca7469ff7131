// The rows of a join of rows that change find each other by an index that is made anew at a restore; here it is not, and nobody finds those from before.
export const file = 'src/operators/join/counted-rows.ts';
export const from = `    for (const { key: entry, value } of this.#table.entries(0)) this.#index(value.key, entry);
`;
export const to = ``;
