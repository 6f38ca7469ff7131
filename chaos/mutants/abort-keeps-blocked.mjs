// an abort gives the inputs free that wait for its epoch; here they stay blocked.
export const file = 'src/progress/barrier-aligner.ts';
export const from = `  return { state: { ...state, settled, aligning: null }, decisions: [{ kind: 'unblock', inputs }] };
`;
export const to = `  return { state: { ...state, settled, aligning: null }, decisions: [{ kind: 'unblock', inputs: inputs.slice(1) }] };
`;
