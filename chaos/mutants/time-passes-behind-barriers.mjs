// TK1: between a barrier and its snapshot no time is told; here it is, and what is emitted comes after the barrier, though the state knows of it.
export const file = 'src/actors/task.ts';
export const from = `    if (this.#chain.step()) return true;
`;
export const to = `    if (this.#tellTime()) return true;
    if (this.#chain.step()) return true;
`;
