/** A whole cluster on virtual time, under random faults. */
export { faultKinds, Nemesis, type NemesisOptions } from './nemesis.ts';
export { type ClusterTotals, SimulatedCluster, type SimulatedClusterOptions, type SimulatedJob } from './simulated-cluster.ts';
export type { Pace } from './simulated-definitions.ts';
export { TroubledPace } from './troubled-pace.ts';
export { Timeline } from './timeline.ts';
