// The rows that a limit has let through count after a restore too.
export const file = 'src/operators/limit-operator.ts';
export const from = `    for (const { value } of parts) this.#taken = Math.max(this.#taken, value as number);
`;
export const to = `    void parts;
`;
