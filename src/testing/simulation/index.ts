/** A whole cluster on virtual time, under random faults. */
export { arbitraries, type OutOfOrderOptions } from './arbitraries.ts';
export { MemoryGround } from './ground.ts';
export { NatsGround } from './nats-ground.ts';
export { faultKinds, Nemesis, type NemesisOptions } from './nemesis.ts';
export {
  type ClusterTotals,
  prefix,
  SimulatedCluster,
  type SimulatedClusterOptions,
  type SimulatedJob,
} from './simulated-cluster.ts';
export type { Pace } from './simulated-definitions.ts';
export { TroubledPace } from './troubled-pace.ts';
export { seedAsked, simulate, simulationsBegun, type Simulation, type SimulationReport } from './simulate.ts';
export { type FailedLife, SimulationFailed } from './simulation-failed.ts';
export type { Fault } from './user-faults.ts';
export { Timeline } from './timeline.ts';
