// TK2: state is frozen before any row behind the barrier; here it is frozen a moment later than its positions.
export const file = 'src/actors/subtask.ts';
export const from = `      this.#state!.freeze(barrier.epoch, positions, this.counters(), (i) => this.#chain!.watermarkOf(i)),
`;
export const to = `      sleep(this.#o.environment.clock, 3).then(() => {
        queueMicrotask(() => this.#wake());
        return this.#state!.freeze(barrier.epoch, positions, this.counters(), (i) => this.#chain!.watermarkOf(i));
      }),
`;
