// The time of an epoch is in the checkpoint before it; here a generation that is restored begins without one.
export const file = 'src/coordinator/coordinator.ts';
export const from = `(latest.epochTime ?? latest.time)`;
export const to = `0`;
