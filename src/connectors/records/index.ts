export { ArraySplitter } from './array-splitter.ts';
export { BlockLines, type BlockShare, type ChunkPlan, type Extent } from './block-lines.ts';
export { LineSplitter } from './line-splitter.ts';
export { Pacer } from './pacer.ts';
export { isRecordFault, PieceBuilder } from './piece-builder.ts';
export { keptBytes, type LineSpan, type RawRecord, type RecordSplitter } from './record-splitter.ts';
export { untilAborted } from './until-aborted.ts';
