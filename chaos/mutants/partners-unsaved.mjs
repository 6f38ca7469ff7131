// That a row of an outer join has had a partner is in the next checkpoint; here only in memory, and after a restore it goes out alone, too.
export const file = 'src/operators/join/kept-rows.ts';
export const from = `      this.#table.modify(bucket, piece)!.rows[at]!.matched = true;
`;
export const to = `      this.#table.get(bucket, piece)!.rows[at]!.matched = true;
`;
