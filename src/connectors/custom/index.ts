export { type CustomSink, defineSink } from './define-sink.ts';
export { type CustomSource, defineSource } from './define-source.ts';
export { type BatchFunction, foreachBatch } from './foreach-batch.ts';
