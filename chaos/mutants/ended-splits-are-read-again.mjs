// a split that has ended is at its end after a restore; here it is read from its begin.
export const file = 'src/actors/assembly.ts';
export const from = `    return { split, position: from?.position ?? undefined, records: from?.records ?? 0, ended: from?.ended ?? false };
`;
export const to = `    const position = from?.ended === true ? undefined : (from?.position ?? undefined);
    return { split, position, records: from?.records ?? 0, ended: false };
`;
