export { type MemorySink, memorySink, type MemorySinkOptions } from './memory-sink.ts';
export { packBatches, unpackChanges, unpackRows } from './staged-batches.ts';
