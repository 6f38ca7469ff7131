// what is retired while a coordinator loads is of a pointer that has moved on; here it is taken for damage.
export const file = 'src/coordinator/checkpoint-store.ts';
export const from = `        if (found === before) throw error;
`;
export const to = `        if (found >= before) throw error;
`;
