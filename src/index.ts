/** The public door: what programs import as `weir`. */
export {
  type Agg, aggregate, type Aggregated, type AnySchema, type AnyStream, avg, collect, type CommitPermit, count, type DeadLetter, type EventTime, type EventWindow,
  type Field, type FinalKind, type Format, type Grouped, type Guarantee, type InputOf, type Job, type JobModule, type JobReport, type KeyedStream, type KeyValue, type Kind, type MapState, max,
  min, type Output, type OutputMode, type OutputModes, type Params, type Pipeline, pipeline, type PipelineOptions, type ProcessContext, type ProcessFunction, type Progress, type RowOf,
  type RunOptions, type Schema, schema, type Sink, type SinkContext, type SinkWriter, type Source, type SourceContext, state, type StateField, type StateSpec,
  type Stream, sum, t, type Timestamp, timestamp, type TimestampInput, type ToOptions, type ValueState, type WatermarkOptions, type Window, window, type WindowKey,
  type WindowOptions, type WindowType,
} from './api/index.ts';
export { bytes, csv, defineSink, defineSource, foreachBatch, json, type JsonValue, msgpack, text } from './connectors/index.ts';
export { type Duration, type Epoch, WeirError } from './core/index.ts';
export type { JobStatus } from './runtime/index.ts';
export { from, start } from './start.ts';
