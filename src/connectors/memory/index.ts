export { type MemorySink, memorySink, type MemorySinkOptions } from './memory-sink.ts';
export { packBatches, unpackRows } from './staged-batches.ts';
