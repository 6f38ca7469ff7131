export type { Guarantee, Kind, OutputMode, OutputModes } from '../plan/index.ts';
export {
  type Agg,
  aggregate,
  approxCountDistinct,
  avg,
  collect,
  count,
  countDistinct,
  type CustomAgg,
  first,
  last,
  max,
  min,
  type Named,
  sum,
} from './aggregates.ts';
export { callSite, callSiteIn } from './call-site.ts';
export { asSink, asSource, isSource, sinkDefinition, sourceDefinition } from './connector-faces.ts';
export type {
  CommitPermit,
  DeadLetter,
  Format,
  Sink,
  SinkContext,
  SinkWriter,
  Source,
  SourceContext,
} from './connector-types.ts';
export type {
  BooleanExpr,
  Columns,
  Expr,
  ExprOf,
  NumberExpr,
  Scalar,
  StringExpr,
  StructExpr,
  TimestampExpr,
  When,
  WindowExpr,
} from './expr-types.ts';
export { call, lit, now, when } from './planned-expr.ts';
export { type Field, fieldColumn, fieldReader, type FieldReader } from './field.ts';
export { t } from './fields.ts';
export { type GlobalType, globalWindow, type GlobalWindowKey, type TriggerRules } from './global-window.ts';
export { type PerEpoch, perEpoch } from './per-epoch.ts';
export { isStream, launchable, streamNode, streamOf } from './graph-stream.ts';
export {
  flatMapGroupsWithState,
  type GroupProcess,
  type GroupState,
  type GroupStateDefinition,
  type GroupStateTimeout,
  mapGroupsWithState,
  updateStateByKey,
} from './group-state.ts';
export type { CheckMode, FinalKind } from './group-types.ts';
export type { ChangeOp } from './changelog.ts';
export type { ChangesOptions, UpsertsOptions } from './changes.ts';
export type { AsOfJoinOptions, JoinCondition, JoinOptions, JoinType, Lookup, RegularJoinOptions } from './join-types.ts';
export type { Job, JobReport, ModuleRunOptions, Progress, RunOptions } from './job.ts';
export type { Launcher, LaunchOptions } from './launcher.ts';
export { nearestName } from './nearest.ts';
export { type Output, outputNode } from './output.ts';
export type { JobModule, Params } from './params.ts';
export { isPipeline, logicalJob, type Pipeline, pipeline, type PipelineOptions } from './pipeline.ts';
export type { ProcessContext, ProcessFunction } from './process-function.ts';
export type { ReadField, TextScan } from './field.ts';
export { type RowSchema, rowSchema } from './row-schema.ts';
export { type AnySchema, type InputOf, type RowOf, type Schema, schema } from './schema.ts';
export {
  type Aggregating,
  type AggregatingState,
  type ListState,
  type ReducingState,
  type MapState,
  type Migration,
  state,
  type StateField,
  type StateOptions,
  type StateSpec,
  type ValueState,
} from './state-field.ts';
export type { AsyncOptions } from './map-async.ts';
export { type Table, tableOf } from './table.ts';
export type {
  Aggregated,
  AnyStream,
  Grouped,
  Joined,
  KeyedStream,
  KeyValue,
  Remember,
  Stream,
  ToOptions,
  WatermarkOptions,
  WithLateRows,
} from './stream.ts';
export type { TopOptions } from './top.ts';
export { type EventTime, type EventWindow, type Timestamp, timestamp, type TimestampInput, type Window } from './values.ts';
export type { WatermarkAlignment } from './watermark-alignment.ts';
export type { StrategyChoice, WatermarkStrategy } from './watermark-strategy.ts';
export {
  countWindow,
  type CumulativeOptions,
  cumulativeWindow,
  type RowSpan,
  sessionWindow,
  window,
  type WindowKey,
  type WindowOptions,
  type WindowType,
} from './window-key.ts';
export {
  type TriggerContext,
  type TriggerDefinition,
  type TriggerOver,
  type TriggerResults,
  type TriggerSays,
  windowTrigger,
  type WindowTrigger,
} from './window-trigger.ts';
