import { jetstreamSink } from './sink.ts';
import { jetstreamSource } from './source.ts';

export { connectedUntil } from './connected-until.ts';
export type { ConnectionWatch } from './connection-watch.ts';
export {
  type NatsAccess,
  type NatsOptions,
  type NatsOpener,
  provideNats,
  serversOf,
  type SharedConnection,
} from './connection.ts';
export { type HeaderLine, placeLines, type Tail, tailOf, type WriterIdentity, writerLines } from './fence.ts';
export type { MessageColumns } from './message-records.ts';
export {
  MessagePacker,
  OutgoingRows,
  type OutgoingSettings,
  type StagedMessages,
  subjectFault,
  unpackMessages,
} from './outgoing.ts';
export { OutgoingLink, type PublishOutcome } from './outgoing-link.ts';
export { OutgoingWindow } from './outgoing-window.ts';
export { isOutage, sinkError, superseded } from './sink-errors.ts';
export { openedOn } from './sink-opening.ts';
export { Retry } from './sink-retry.ts';
export { untilInterrupted } from './until-interrupted.ts';
export type { JetStreamSinkOptions } from './sink.ts';
export { natsError } from './source-errors.ts';
export { isSubjectFilter } from './subject.ts';
export type { JetStreamSourceOptions, MessageRow } from './source.ts';

/** Streams of NATS JetStream. */
export const jetstream: { readonly source: typeof jetstreamSource; readonly sink: typeof jetstreamSink } = {
  source: jetstreamSource,
  sink: jetstreamSink,
};
