// U4: a call of a guarded function that throws changes nothing; here its changes stay.
export const file = 'src/operators/process-calls.ts';
export const from = `      for (const each of undo) each();
`;
export const to = ``;
