export {
  type BatchFunction,
  type CustomSink,
  type CustomSource,
  defineSink,
  defineSource,
  foreachBatch,
} from './custom/index.ts';
export { file, type FileSinkOptions, type FileSourceOptions } from './file/index.ts';
export { bytes, csv, type CsvOptions, json, type JsonValue, msgpack, text } from './formats/index.ts';
export { generator, type GeneratorOptions } from './generator/index.ts';
export { from, sourceOf } from './iterable/index.ts';
export {
  jetstream,
  type JetStreamSinkOptions,
  type JetStreamSourceOptions,
  type MessageColumns,
  type NatsAccess,
  type NatsOptions,
  type NatsOpener,
  provideNats,
} from './jetstream/index.ts';
export { kv, type KvSinkOptions } from './kv/index.ts';
export { type MemorySink, memorySink, type MemorySinkOptions } from './memory/index.ts';
export { nats, type NatsSinkOptions, type NatsSourceOptions } from './nats/index.ts';
export { socket, type SocketSourceOptions } from './socket/index.ts';
export { stdout, type StdoutOptions, stdoutSinkTo, writeOut } from './stdout/index.ts';
