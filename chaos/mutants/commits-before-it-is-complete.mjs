// an epoch is committed when its checkpoint is complete; here when it is staged.
export const file = 'src/operators/sink-operator.ts';
export const from = `    if (staged instanceof Promise) return staged.then((value) => this.#keep(barrier.epoch, value));
    this.#keep(barrier.epoch, staged);
`;
export const to = `    const { generation } = this.#context;
    if (staged instanceof Promise) return staged.then((value) => this.#keep(barrier.epoch, value)).then(() => this.commit({ epoch: barrier.epoch, generation }));
    this.#keep(barrier.epoch, staged);
    return this.commit({ epoch: barrier.epoch, generation });
`;
