// what is staged is in every snapshot until it is committed; here a restore forgets it.
export const file = 'src/operators/sink-operator.ts';
export const from = `for (const { epoch, staged } of snapshot.pending) this.#keep(epoch, staged);
`;
export const to = `for (const { epoch } of snapshot.pending) this.#keep(epoch, undefined);
`;
