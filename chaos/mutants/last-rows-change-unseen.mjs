// What the last rows of keys were is in memory alone, so all that have changed go out at each barrier; here they wait for the last one.
export const file = 'src/operators/upserts-operator.ts';
export const from = `  onBarrier({ time }: Barrier, out: Output): Step {
`;
export const to = `  onBarrier({ time, last }: Barrier, out: Output): Step {
    if (last !== 'end') return 'done';
`;
