// a window with lateness is open beyond its end, after a restore too; here it is then thought to be over, and its state stays for ever.
export const file = 'src/operators/panes.ts';
export const from = `    if (last > this.#slices.closedBy(after)) this.add(namespace);
`;
export const to = `    if (this.#slices.end(last) > after) this.add(namespace);
`;
