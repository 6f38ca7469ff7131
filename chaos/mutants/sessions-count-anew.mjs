// What a session has told is known by the ordinals of its rows; here they begin anew after a restore, and what changes then seems told already.
export const file = 'src/operators/session-operator.ts';
export const from = `    this.#state.ordinal = Math.max(0, ...snapshots.map(({ ordinal }) => ordinal));
`;
export const to = ``;
