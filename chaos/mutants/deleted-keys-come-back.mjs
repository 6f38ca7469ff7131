// a deleted key is a change; here it is none, and comes back at a restore.
export const file = 'src/state/heap-table.ts';
export const from = `    else this.#touch(entry);
    entry.live = false;
`;
export const to = `    entry.live = false;
`;
