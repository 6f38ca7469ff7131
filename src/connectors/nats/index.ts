import { natsSink } from './nats-sink.ts';
import { natsSource } from './nats-source.ts';

export type { NatsSinkOptions } from './nats-sink.ts';
export type { NatsSourceOptions } from './nats-source.ts';

/** Subjects of NATS itself, that nobody keeps: at most once. For what must not be lost there are streams (`jetstream`). */
export const nats: { readonly source: typeof natsSource; readonly sink: typeof natsSink } = {
  source: natsSource,
  sink: natsSink,
};
