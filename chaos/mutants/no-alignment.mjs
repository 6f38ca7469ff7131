// TK3: a blocked input is not read until its barrier is settled; here it is.
export const file = 'src/actors/task.ts';
export const from = `          this.#blocked[decision.input] = true;
`;
export const to = `          this.#blocked[decision.input] = false;
`;
