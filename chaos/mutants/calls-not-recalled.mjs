// Rows whose calls are under way are called for again after a restore; here they are forgotten, and never go on.
export const file = 'src/operators/map-async-operator.ts';
export const from = `        this.#held.add(isOne ? batch : withoutAdvances(batch));
`;
export const to = `        void isOne;
`;
