// X3: a worker that has closed what it runs deploys nothing any more; here a deployment that waited for its manifest comes through.
export const file = 'src/actors/supervisor.ts';
export const from = `    if (this.#isOver) return; // X3
`;
export const to = ``;
