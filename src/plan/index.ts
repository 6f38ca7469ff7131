export type { CallSpec, LookupNode, LookupSpec, MapAsyncNode } from './call-nodes.ts';
export type { ChangelogNode, ChangesNode, UpsertsNode } from './change-nodes.ts';
export type {
  AggregateNode,
  AggregateSpec,
  CallSite,
  CombineNode,
  CustomAggregate,
  DedupNode,
  Emission,
  EmissionMode,
  Guarantee,
  KeySelector,
  JoinNode,
  LateNode,
  LimitNode,
  LogicalJob,
  LogicalNode,
  OutputMode,
  PartialColumn,
  ProcessNode,
  ProjectNode,
  RebalanceNode,
  ReduceNode,
  Remembered,
  RowCondition,
  RowFilter,
  RowNode,
  SinkInfo,
  SinkNode,
  SourceInfo,
  SourceNode,
  StateDeclaration,
  StateFold,
  TopSpec,
  UnionNode,
} from './logical.ts';
export type { EpochEnd, EpochResult, PerEpochNode } from './per-epoch.ts';
export type { SourceAlignment, TimeStrategy, WatermarkNode } from './watermark-node.ts';
export { type Kind, type OutputModes, outputModes } from './output-modes.ts';
export { hasWatermark, isChanging, kindOf, kindsOf, underWatermark, watermarkedColumns } from './kinds.ts';
export { type GroupTime, groupTime, sessionCloses } from './group-time.ts';
export { type KeyColumns, type OpenKeys, type OpenKind, openKeys } from './open-kind.ts';
export { equalIsLate } from './lateness.ts';
export { describePlan } from './describe.ts';
export { keyText, selectorText, shapeText, typeText } from './identity.ts';
export { keyGroupsOfJob, ownedGroups, routingTable } from './key-groups.ts';
export {
  type ChangelogMode,
  channelsOf,
  type Edge,
  type EdgeKind,
  isOfTable,
  type OutputRoute,
  type PhysicalPlan,
  type PlannedOperator,
  type Stage,
} from './physical.ts';
export { deadLetterId, deadLetterSchema, planJob } from './planner.ts';
export { shapeOf, type StateShape, type Takeover, takeover } from './state-shape.ts';
export { inputsOf } from './inputs.ts';
export type { JoinBound, JoinColumn, JoinType } from './join-shape.ts';
export { latePorts } from './late-rows.ts';
export { keptColumns, type SideName, sideNames } from './pair-columns.ts';
export { refusedTrigger } from './trigger.ts';
export type { CountSpec, SessionSpec, TriggerAction, TriggerSpec, WindowSpec } from './window-spec.ts';
export { isRegular, refusedChanges, refusedEvery, refusedReading, refusedRetraction, takesChanges } from './retraction.ts';
export { isKeyed } from './shuffle-key.ts';
