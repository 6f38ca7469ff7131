// what a worker says of a generation that is over changes nothing; here it does.
export const file = 'src/coordinator/coordinator.ts';
export const from = `    if (message.generation !== this.#generation) return; // JB1
`;
export const to = ``;
