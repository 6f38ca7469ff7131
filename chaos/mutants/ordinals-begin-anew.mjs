// rows go on being numbered where a checkpoint left off, or what has changed since is taken for old; here they begin anew.
export const file = 'src/operators/result-snapshot.ts';
export const from = `  state.ordinal = ordinal;
`;
export const to = `  void ordinal;
`;
