// what was written for an aborted epoch stays part of the state; here it is forgotten.
export const file = 'src/actors/subtask.ts';
export const from = `    this.#task?.abort(epoch);
    this.#wake();
`;
export const to = `    this.#state?.forgetDelta(epoch);
    this.#task?.abort(epoch);
    this.#wake();
`;
