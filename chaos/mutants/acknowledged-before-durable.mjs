// SS2: what an acknowledgement names is durable; here it may not be yet.
export const file = 'src/actors/subtask-state.ts';
export const from = `    await this.#o.blobs.put(ref.id, bytes);
    return ref;
`;
export const to = `    this.#o.blobs.put(ref.id, bytes).catch(() => undefined);
    return ref;
`;
