// a worker that its coordinator does not count any more closes what it runs; here it goes on.
export const file = 'src/cluster/remote/remote-worker.ts';
export const from = `    return this.#uncounted < (this.#wasCounted ? 1 : uncountedMax);
`;
export const to = `    return true;
`;
