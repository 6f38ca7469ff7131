import { jetstreamSink } from './sink.ts';
import { jetstreamSource } from './source.ts';

export { type NatsAccess, type NatsOptions, type NatsOpener, provideNats } from './connection.ts';
export type { MessageColumns } from './message-records.ts';
export type { JetStreamSinkOptions } from './sink.ts';
export type { JetStreamSourceOptions, MessageRow } from './source.ts';

/** Streams of NATS JetStream. */
export const jetstream: { readonly source: typeof jetstreamSource; readonly sink: typeof jetstreamSink } = {
  source: jetstreamSource,
  sink: jetstreamSink,
};
