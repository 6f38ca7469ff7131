// what has gone out of a result that changes is known after a restore; here global windows take it for new once more, and who adds it up counts it twice.
export const file = 'src/operators/global-window-operator.ts';
export const from = `    parts.forEach((part, i) => this.#shown?.restore(part, snapshots[i]!.emissions));
`;
export const to = ``;
