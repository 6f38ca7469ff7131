// What lasts for a time is restored with the time at which it was written; here it is as if it were written at the restore.
export const file = 'src/operators/kept-value.ts';
export const from = `    read: (from): Mortal => ({ writtenAt: from.f64(), kept: inner.read(from) }),
`;
export const to = `    read: (from): Mortal => ({ writtenAt: (from.f64(), now()), kept: inner.read(from) }),
`;
