/** What a writer finds of itself in a stream that others write to as well: every message since a place is looked at. */
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { type Tail, tailOf, type WriterIdentity } from './fence.ts';
import type { SinkStream } from './sink-stream.ts';

/** The last epoch of which something is there. */
export interface FoundEpoch {
  readonly epoch: number;
  readonly indexes: ReadonlySet<number>;
  /** The highest generation that wrote. */
  readonly generation: number;
  /** Of the last message of the epoch. */
  readonly sequence: number;
}

/** @param from the first sequence that is looked at; `last`, the last */
export async function scan(stream: SinkStream, from: number, last: number, self: WriterIdentity): Promise<FoundEpoch> {
  const found = { epoch: 0, indexes: new Set<number>(), generation: 0, sequence: 0 };
  if (from <= last) await stream.asked(read(stream, from, last, (tail) => add(found, tail, self)));
  return found;
}

async function read(stream: SinkStream, from: number, last: number, take: (message: Tail) => void): Promise<void> {
  const client = jetstream(stream.shared.connection, stream.shared.jetstream);
  const options = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from, headers_only: true } as const;
  const consumer = await client.consumers.get(stream.name, options);
  for await (const { seq, subject, headers, info } of await consumer.consume({ expires: 2000, idle_heartbeat: 500 })) {
    take(tailOf(subject, seq, headers));
    if (seq >= last || info.pending === 0) return;
  }
}

function add(
  found: { epoch: number; indexes: Set<number>; generation: number; sequence: number },
  { writer, place }: Tail,
  self: WriterIdentity,
): void {
  if (writer?.incarnation !== self.incarnation || writer.job !== self.job || writer.sink !== self.sink) return;
  found.generation = Math.max(found.generation, writer.generation);
  if (place.epoch < found.epoch) return;
  if (place.epoch > found.epoch) found.indexes.clear();
  found.epoch = place.epoch;
  found.indexes.add(place.index);
  found.sequence = place.sequence;
}
