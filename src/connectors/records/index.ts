export { ArraySplitter } from './array-splitter.ts';
export { LineSplitter } from './line-splitter.ts';
export { Pacer } from './pacer.ts';
export { isRecordFault, PieceBuilder } from './piece-builder.ts';
export { keptBytes, type LineSpan, type RawRecord, type RecordSplitter } from './record-splitter.ts';
export { untilAborted } from './until-aborted.ts';
