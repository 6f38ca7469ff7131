// the first act of a generation is to move the pointer: older ones can no longer; here it leaves it.
export const file = 'src/coordinator/checkpoint-store.ts';
export const from = `    await this.#move({ ...known, generation, reserved: opened + reservedEpochs });
    await this.#sweep();
`;
export const to = `    if (before === null) await this.#move({ ...known, generation, reserved: opened + reservedEpochs });
    await this.#sweep();
`;
