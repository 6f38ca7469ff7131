// S4: what a freeze saw is what its delta holds; here a later write shows through.
export const file = 'src/state/frozen-table.ts';
export const from = `      const value = entry.saved;
`;
export const to = `      const value = entry.live ? this.table.encode(entry.value) : entry.saved;
`;
