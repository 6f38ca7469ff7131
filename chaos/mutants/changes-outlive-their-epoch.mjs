// What has changed is in memory alone, so all of it goes out at each barrier; here it waits for the last one.
export const file = 'src/operators/changes-operator.ts';
export const from = `  onBarrier(_barrier: Barrier, out: Output): Step {
`;
export const to = `  onBarrier(_barrier: Barrier, out: Output): Step {
    if (_barrier.last !== 'end') return 'done';
`;
