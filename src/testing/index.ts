/** What is published as `weir/testing`. */
export type { ChaosFile, ChaosFindings, ChaosWorld } from '../chaos/index.ts';
export {
  type EmittedRow,
  type FedItem,
  OperatorRun,
  type OperatorSnapshot,
  type RunOptions,
  testBarrier,
  type TestItem,
  testKeyGroups,
} from './operator-run.ts';
export {
  arbitraries,
  type FailedLife,
  type Fault,
  type OutOfOrderOptions,
  seedAsked,
  simulate,
  type Simulation,
  SimulationFailed,
  type SimulationReport,
  simulationsBegun,
} from './simulation/index.ts';
export { testRun, type TestRun, type TestRunOptions } from './test-run.ts';
export { testSource, type TestSource } from './test-source.ts';
export { type Subject, type Verified, verifyOperator, type VerifyOptions } from './verify-operator.ts';
