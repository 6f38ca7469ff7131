// a checkpoint is retired when the pointer no longer names it; here a moment before.
export const file = 'src/coordinator/checkpoint-store.ts';
export const from = `    await this.#move({ ...before, epoch: manifest.epoch, finished: manifest.finished, reserved, kept }, manifest);
`;
export const to = `    const old = before.kept.filter((epoch) => !kept.includes(epoch));
    await this.#stores.blobs.delete(old.map((epoch) => manifestId(epoch)));
    await this.#move({ ...before, epoch: manifest.epoch, finished: manifest.finished, reserved, kept }, manifest);
`;
