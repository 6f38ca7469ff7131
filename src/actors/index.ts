export {
  type Assignment,
  type Deployment,
  type SeenKey,
  type SourceDrain,
  subtaskName,
  type ToCoordinator,
  type ToSupervisor,
} from './messages.ts';
export type { Subtask } from './subtask.ts';
export { subtaskMachine } from './subtask.machine.ts';
export { Supervisor } from './supervisor.ts';
export { supervisorMachine } from './supervisor.machine.ts';
export type { WorkerEnvironment } from './worker-environment.ts';
