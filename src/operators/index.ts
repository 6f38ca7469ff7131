export { aggregateOperator } from './aggregate-operator.ts';
export type { BrokerAccess } from './broker-access.ts';
export { changelogOperator } from './changelog-operator.ts';
export { changesOperator } from './changes-operator.ts';
export { dedupOperator } from './dedup-operator.ts';
export { globalWindowOperator } from './global-window-operator.ts';
export { createOperator, type OperatorExtra } from './instantiate.ts';
export { asOfJoinOperator, joinOperator, lookupOperator, regularJoinOperator, tableJoinOperator } from './join/index.ts';
export { type KeyedBy, keyExtractor, routingHash } from './key.ts';
export { limitOperator } from './limit-operator.ts';
export { mapAsyncOperator } from './map-async-operator.ts';
export type { OpenGroup } from './open-group.ts';
export type {
  CommitPermit,
  DeadRecord,
  Load,
  Operator,
  OperatorContext,
  Output,
  RestoredPart,
  SplitEvent,
  Step,
} from './operator.ts';
export { perEpochOperator } from './per-epoch-operator.ts';
export { processOperator } from './process-operator.ts';
export { projectOperator } from './project-operator.ts';
export { reduceOperator } from './reduce-operator.ts';
export { closureFault, type FaultAddress, RowFault, rowFault } from './row-fault.ts';
export { rowOperator } from './row-operator.ts';
export { countWindowOperator } from './count-window-operator.ts';
export { sessionOperator } from './session-operator.ts';
export { sinkOperator, type SinkOptions, type SinkTask } from './sink-operator.ts';
export type { SinkContext, SinkDefinition, SinkWriter } from './sink.ts';
export { batchRowsMax } from './source.ts';
export type { Piece, Position, SourceContext, SourceDefinition, SplitReader } from './source.ts';
export { upsertsOperator } from './upserts-operator.ts';
export { watermarkOperator } from './watermark-operator.ts';
