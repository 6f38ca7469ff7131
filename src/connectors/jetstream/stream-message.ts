import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';

/** A message as a stream delivers it. */
export interface StreamMessage {
  readonly subject: string;
  readonly sequence: number;
  /** Counts the messages of its consumer, from 1. */
  readonly delivery: number;
  /** Nanoseconds since 1970. */
  readonly time: string;
  /** How many more the consumer had for us. */
  readonly pending: number;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  readonly size: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`, and with a domain and an
 * account's hash before the stream since 2.10: the last five tokens are the same, but for one at the very end.
 */
export function streamMessage({ subject, reply = '', data, headers }: Msg): StreamMessage {
  const tokens = reply.split('.');
  const at = tokens.length === 9 ? 5 : 7;
  const [sequence, delivery, time, pending] = tokens.slice(at);
  if (tokens[1] !== 'ACK' || pending === undefined || time === undefined)
    throw new WeirError('E_SOURCE', `a message of ${subject} does not say where it stands in its stream`);
  return {
    subject,
    sequence: Number(sequence),
    delivery: Number(delivery),
    time,
    pending: Number(pending),
    data,
    headers,
    size: data.length + subject.length,
  };
}
