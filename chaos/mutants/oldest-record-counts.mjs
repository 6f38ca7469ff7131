// the newest record of a key counts; here the oldest.
export const file = 'src/state/load-chunks.ts';
export const from = `  const wanted = refs.toReversed().flatMap(`;
export const to = `  const wanted = refs.flatMap(`;
