// SE4: what was told of a session that has grown is taken back; here not after a restore, for what has been told is not in the snapshot.
export const file = 'src/operators/session-state.ts';
export const from = `        out.varint(session.shown.length);
        for (const { port, start, end } of session.shown) {
`;
export const to = `        out.varint(0);
        for (const { port, start, end } of [] as Shown[]) {
`;
