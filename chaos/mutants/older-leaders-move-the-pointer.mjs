// the pointer moves from the revision that this coordinator has read before; here from whichever it has by now.
export const file = 'src/coordinator/checkpoint-store.ts';
export const from = `    const revision = await this.#stores.pointers.compareAndSet(checkpointCell, this.#revision, move.value);
`;
export const to = `    const now = await this.#stores.pointers.read(checkpointCell);
    const revision = await this.#stores.pointers.compareAndSet(checkpointCell, now?.revision ?? 0, move.value);
`;
