// S4: what a freeze saw is what its delta holds; here a later write shows through.
export const file = 'src/state/heap-table.ts';
export const from = `    if (entry.mark !== 0) entry.saved = this.encode(entry.value);
`;
export const to = ``;
