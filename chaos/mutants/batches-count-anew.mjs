// what is taken epoch by epoch knows its batch by a number, which is state; here it begins anew with each restore.
export const file = 'src/operators/per-epoch-operator.ts';
export const from = `    this.#batch = Math.max(0, ...parts.map(({ value }) => (value as Snapshot).batch));
`;
export const to = ``;
