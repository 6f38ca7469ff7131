import { kvSink } from './kv-sink.ts';

export type { KvSinkOptions } from './kv-sink.ts';

/** Buckets of NATS, in which each key has one value. */
export const kv: { readonly sink: typeof kvSink } = { sink: kvSink };
