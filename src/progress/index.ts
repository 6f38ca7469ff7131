export type { Barrier } from './barrier.ts';
export {
  align,
  type AlignerDecision,
  type AlignerFact,
  type AlignerState,
  type Alignment,
  newAligner,
} from './barrier-aligner.ts';
export {
  abortEpoch,
  acknowledge,
  type AckResult,
  type LedgerState,
  newLedger,
  type OpenEpoch,
  openEpoch,
} from './checkpoint-ledger.ts';
export { emissionsDue, type EmissionTimes, emittedBy, isDue } from './emission-times.ts';
export {
  backoffMaxMs,
  decideRestart,
  type EarlierFailures,
  type RestartDecision,
  type RestartOptions,
} from './restart-policy.ts';
export { chooseRestorePoint, type RestoreDecision, type RestoreFacts, type SeenCheckpoint } from './restore-point.ts';
export { AlignedGroups, AlignedSplits, type GroupLeast } from './source-alignment.ts';
export { WatermarkMerge } from './watermark-merge.ts';
