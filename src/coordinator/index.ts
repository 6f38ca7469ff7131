export { CheckpointStore, type Pointer, retained } from './checkpoint-store.ts';
export { Checkpoints, statesOf } from './checkpoints.ts';
export { checkCompatible } from './compatibility.ts';
export { Coordinator, type CoordinatorOptions, type JobOutcome } from './coordinator.ts';
export { type CheckpointEntry, CheckpointRecord } from './history.ts';
export { checkpointMachine } from './checkpoint.machine.ts';
export { jobMachine } from './job.machine.ts';
export { copyCheckpoint, copySavepoint } from './savepoint.ts';
export { assign, subtasksOf } from './placement.ts';
