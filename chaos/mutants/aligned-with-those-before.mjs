// How far sources had come in an earlier generation counts in the next, which waits for words that nobody says again.
export const file = 'src/coordinator/run.ts';
export const from = `    this.#groups = new AlignedGroups(groups);
`;
export const to = `    this.#groups = (this.#o as any).groups ??= new AlignedGroups(groups);
`;
