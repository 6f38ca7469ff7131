/**
 * Where reading goes on in a stream, and by what the stream is known again.
 *
 * A sequence alone says nothing: a stream that was made anew, or that came back from a crash without its last messages, gives
 * the same numbers to other messages. So a position holds when the stream was made, and what the message at it was.
 */
import { createHash } from 'node:crypto';
import type { StoredMsg, StreamInfo } from '@nats-io/jetstream';
import { WeirError } from '../../core/index.ts';

export interface MessagePosition {
  /** When the stream was made, as it says. */
  readonly created: string;
  /** Of the last message that was read; 0 = none, and what is read first is wherever the stream begins. */
  readonly sequence: number;
  /** Its time, nanoseconds since 1970; '' where there was no message. */
  readonly time: string;
  readonly hash: string;
  /** So many lines of that message were read, and it has more; 0 = it was read whole. */
  readonly lines: number;
}

export interface MessageIdentity {
  readonly subject: string;
  readonly sequence: number;
  readonly time: string;
  readonly data: Uint8Array;
}

export function positionAt(created: string, message: MessageIdentity, lines: number): MessagePosition {
  return { created, sequence: message.sequence, time: message.time, hash: hashOf(message), lines };
}

export function storedIdentity(message: StoredMsg): MessageIdentity {
  return { subject: message.subject, sequence: message.seq, time: nanoseconds(message.timestamp), data: message.data };
}

/**
 * Whether what is known of the stream goes with the position; whether the message at it does is `checkMessage`'s.
 *
 * @throws WeirError `E_SOURCE_CHANGED` for another stream, one that lost its end, or one that lost what comes next
 */
export function checkStream({ config, created, state }: StreamInfo, position: MessagePosition): void {
  const { name } = config;
  if (created !== position.created)
    throw changed(name, `it was made at ${created}, and the checkpoint is of one made at ${position.created}`);
  if (state.last_seq < position.sequence)
    throw changed(name, `its last message is ${state.last_seq}, and it was read up to message ${position.sequence}`);
  if (position.sequence > 0) checkFront(name, state.first_seq, position.lines === 0 ? position.sequence + 1 : position.sequence);
}

/** @param next the first sequence that is needed @throws WeirError `E_SOURCE_CHANGED` if the stream begins behind it */
export function checkFront(stream: string, first: number, next: number): void {
  if (first <= next) return;
  const hint = 'keep messages for longer than the job may be behind (max_age, max_msgs, max_bytes), or start anew with --fresh';
  const gone = next === first - 1 ? `message ${next} is` : `messages ${next} to ${first - 1} are`;
  throw changed(stream, `${gone} gone before they were read; it begins at ${first}`, hint);
}

/** @throws WeirError `E_SOURCE_CHANGED` if the stream holds another message at the position */
export function checkMessage(stream: string, found: MessageIdentity, position: MessagePosition): void {
  if (position.hash === '') return;
  if (found.time !== position.time)
    throw changed(
      stream,
      `message ${position.sequence} is of ${iso(found.time)}, and the one that was read of ${iso(position.time)}`,
    );
  const hash = hashOf(found);
  if (hash !== position.hash)
    throw changed(stream, `message ${position.sequence} is ${hash} by its hash, and the one that was read ${position.hash}`);
}

export function changed(stream: string, what: string, hint?: string): WeirError {
  const message = `stream ${stream} is not the one that the checkpoint was taken of: ${what}`;
  return new WeirError('E_SOURCE_CHANGED', message, hint === undefined ? {} : { hint });
}

function hashOf({ subject, data }: MessageIdentity): string {
  return createHash('sha256').update(subject).update('\0').update(data).digest('hex').slice(0, 32);
}

/** `2026-01-02T03:04:05.123456789Z` as nanoseconds: more digits than a number has. */
export function nanoseconds(time: string): string {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return String(BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9)));
}

export function milliseconds(nanos: string): number {
  return Number(BigInt(nanos) / 1_000_000n);
}

const iso = (nanos: string): string => new Date(milliseconds(nanos)).toISOString();
