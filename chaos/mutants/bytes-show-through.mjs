// What a freeze saw is what its delta holds; here a later value of an entry that lies as bytes, or of a cell in its slots, shows through.
export const file = 'src/state/byte-table.ts';
export const from = `    this.frozen?.save(space, entry);
`;
export const to = `    if (this.frozen !== null && space.listedIn(entry) === this.frozen.generation) return;
`;
