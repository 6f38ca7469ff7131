// C7: of complete results an epoch stages the one that it emitted; here with that of an aborted one.
export const file = 'src/operators/sink-operator.ts';
export const from = `    if (emission > this.#emission) this.#whole = [];
`;
export const to = ``;
