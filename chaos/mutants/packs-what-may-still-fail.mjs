// S31: an entry is packed once its bytes are in a delta that was written; here while that delta may still fail.
export const file = 'src/state/resting.ts';
export const from = `entry.saved === null && entry.listed <= listed.generation;`;
export const to = `entry.saved === null;`;
