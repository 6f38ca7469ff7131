// Sessions that were open at a checkpoint close after a restore; here only those of keys that get a row.
export const file = 'src/operators/session-state.ts';
export const from = `      due.push({ at: session.value.end, ordinal: session.value.first, key: session.key });
`;
export const to = ``;
