// parts of an aggregation go out before a barrier; here some stay behind it, and no snapshot has them.
export const file = 'src/operators/combine/combine-operator.ts';
export const from = `  onBarrier(_barrier: Barrier, out: Output): Step {
    this.#flush(out);
`;
export const to = `  onBarrier(barrier: Barrier, out: Output): Step {
    if (barrier.last !== undefined || this.#groups.count > 3) this.#flush(out);
`;
