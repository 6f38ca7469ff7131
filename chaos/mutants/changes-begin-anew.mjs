// up to where an emission has gone out is kept; here a result that is aggregated again goes out whole after a restore, as if it were new.
export const file = 'src/operators/emissions.ts';
export const from = `      if (state !== undefined) pending.emitted.restore(part, state.emitted);
`;
export const to = `      if (state !== undefined && pending.emission.mode !== 'retract') pending.emitted.restore(part, state.emitted);
`;
