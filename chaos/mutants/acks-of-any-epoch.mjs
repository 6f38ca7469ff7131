// an epoch is complete when all have acknowledged it; here acknowledgements of an aborted one count too.
export const file = 'src/progress/checkpoint-ledger.ts';
export const from = `  if (open === null || open.epoch !== epoch || !state.participants.includes(participant)) return { kind: 'ignored', state };
`;
export const to = `  if (open === null || !state.participants.includes(participant)) return { kind: 'ignored', state };
`;
