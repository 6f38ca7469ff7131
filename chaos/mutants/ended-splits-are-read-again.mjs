// a split that has ended is at its end after a restore; here it is read from its begin.
export const file = 'src/actors/assembly.ts';
export const from = `    return { split, position: from?.position ?? undefined, records, ended, drained, absent, until: present?.until[split] };
`;
export const to = `    const position = ended ? undefined : (from?.position ?? undefined);
    return { split, position, records, ended: false, drained, absent, until: present?.until[split] };
`;
