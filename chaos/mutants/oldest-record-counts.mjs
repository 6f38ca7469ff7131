// the newest record of a key counts; here the oldest.
export const file = 'src/state/load-chunks.ts';
export const from = `  for (const ref of refs.toReversed()) {
`;
export const to = `  for (const ref of refs) {
`;
