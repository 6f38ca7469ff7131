// Rows of an outer join that wait for a partner wait on after a restore; here they are forgotten, and never go out alone.
export const file = 'src/operators/join/join-operator.ts';
export const from = `          waiting.push({ at, ordinal, key: kept.keyOf(found), side, bucket, row });
`;
export const to = `          void [waiting, ordinal, bucket, row, at, side];
`;
