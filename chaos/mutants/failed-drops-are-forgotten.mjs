// SS3: a snapshot that failed to write is merged back; here the namespaces that it dropped come back at a restore.
export const file = 'src/state/heap-table.ts';
export const from = `    for (const [namespace, groups] of frozen.changes.drops) unite(this.#changes.drops, namespace, groups);
`;
export const to = ``;
