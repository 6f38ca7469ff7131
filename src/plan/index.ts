export type {
  AggregateNode, AggregateSpec, CallSite, CustomAggregate, Guarantee, KeySelector, LateNode, LogicalJob, LogicalNode, OutputMode,
  ProcessNode, RebalanceNode, ReduceNode, RowNode, SelectNode, SinkInfo, SinkNode, SourceInfo, SourceNode, StateDeclaration,
  UnionNode, WatermarkNode, WindowSpec,
} from './logical.ts';
export { type Kind, type OutputModes, outputModes } from './output-modes.ts';
