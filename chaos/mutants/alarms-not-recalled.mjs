// Timers on the clock are there after a restore; here they are forgotten.
export const file = 'src/operators/process-operator.ts';
export const from = `    processingTimers.recall();
`;
export const to = ``;
