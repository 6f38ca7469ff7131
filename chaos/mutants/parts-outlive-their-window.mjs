// parts of an aggregation go out before a watermark that closes a window they may be in; here they wait for a barrier, and find their window gone.
export const file = 'src/operators/combine/combine-operator.ts';
export const from = `    if (slices !== undefined && slices.closedBy(watermark) >= this.#due) this.#flush(out);
`;
export const to = ``;
