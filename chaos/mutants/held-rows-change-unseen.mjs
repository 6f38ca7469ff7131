// what is changed in a table's value is marked as changed before; here a global window takes rows, and no snapshot hears of it.
export const file = 'src/operators/global-window-operator.ts';
export const from = `    const known = guarded ? this.#held.get(0, key) : this.#held.modify(0, key);
`;
export const to = `    const known = this.#held.get(0, key);
`;
