// an epoch number is used once, whatever became of it; here that of an aborted one is used again.
export const file = 'src/progress/checkpoint-ledger.ts';
export const from = `  return { ...state, open: null, abortedInARow: state.abortedInARow + 1 };
`;
export const to = `  return { ...state, open: null, highest: state.highest - 1, abortedInARow: state.abortedInARow + 1 };
`;
