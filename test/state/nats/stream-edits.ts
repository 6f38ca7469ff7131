/** What an operator, a fault or another program may do to the streams of a job. */
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const said = (value: Uint8Array): string => new TextDecoder().decode(value);

/** Stores what is on this subject again, with one bit flipped. */
export async function flip(connection: NatsConnection, stream: string, subject: string, at: number): Promise<void> {
  const message = (await (await jetstreamManager(connection)).streams.getMessage(stream, { last_by_subj: subject }))!;
  const data = Uint8Array.from(message.data);
  data[at]! ^= 4;
  await connection.request(subject, data);
}

export interface StreamSize {
  readonly messages: number;
  readonly bytes: number;
}

export async function sizeOf(connection: NatsConnection, stream: string): Promise<StreamSize> {
  return (await (await jetstreamManager(connection)).streams.info(stream)).state;
}

export async function subjectsOf(connection: NatsConnection, stream: string): Promise<readonly string[]> {
  const info = await (await jetstreamManager(connection)).streams.info(stream, { subjects_filter: '>' });
  return Object.keys(info.state.subjects ?? {}).sort();
}
