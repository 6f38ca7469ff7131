// a row of a join that has had a partner is restored as such; here it is alone again.
export const file = 'src/state/row-log.ts';
export const from = `    if (marked !== 0) space.mark(row, longAgo);
`;
export const to = `    void [marked, longAgo];
`;
