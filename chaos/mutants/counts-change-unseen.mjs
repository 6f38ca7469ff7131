// what is changed in a table's value is marked as changed before; here windows of so many rows change theirs, and no snapshot hears of it.
export const file = 'src/operators/count-window-operator.ts';
export const from = `    const known = guarded ? this.#table.get(0, key) : this.#table.modify(0, key);
`;
export const to = `    const known = this.#table.get(0, key);
`;
