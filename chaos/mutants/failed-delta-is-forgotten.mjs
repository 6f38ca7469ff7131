// SS3: a snapshot that failed to write is merged back; here its changes are lost.
export const file = 'src/state/heap-table.ts';
export const from = `    for (const list of frozen.changes.lists) for (const entry of list ?? []) this.#takeBack(entry, frozen.generation);
`;
export const to = ``;
