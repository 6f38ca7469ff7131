// T9: a restored split goes on from the times that it had seen; here from none.
export const file = 'src/operators/watermark-operator.ts';
export const from = `    this.#splits.restore(split, value as { readonly max: number });
`;
export const to = `    this.#splits.restore(split, { max: value === null ? 0 : Number.NEGATIVE_INFINITY });
`;
