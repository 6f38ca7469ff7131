/**
 * Messages that a stream takes together or not at all: up to so many, and up to so many bytes, under one acknowledgement.
 *
 * Owns: when a server is trusted with them, and the way of a batch. Its first message names the sequence that it has to come right
 * behind, which the server looks at when the last has come; the rest is sent once the server has said that it has begun a batch,
 * since one that knows none would take each message for itself, with nothing that fences it. Does not own: what comes after a
 * batch that was not stored (sink-fenced.ts).
 * Invariants: JA1 a batch is said to be stored only if the server counts as many messages as it has, right behind those before.
 */
import type { StreamConfig } from '@nats-io/jetstream';
import type { HeaderLine } from './fence.ts';
import type { OutgoingMessage } from './outgoing.ts';
import type { OutgoingLink, PublishOutcome } from './outgoing-link.ts';

/** The server's own bound, unless it is set lower. */
const messagesMax = 1000;
const bytesMax = 8 << 20;
/** The servers of 2.12 and of 2.14 that mended what made batches unsafe. */
const mended: readonly (readonly [major: number, minor: number, patch: number])[] = [
  [2, 12, 15],
  [2, 14, 5],
];
const apiLevelMin = 2;
/** JetStream's own number, from its errors.json. */
const tooMany = 10199;

export interface BatchMessage extends OutgoingMessage {
  readonly index: number;
}

/** Why batches are not used on a stream, by what the server that leads it says of it; null if they are. */
export function batchesRefused({ allow_atomic: allowed, metadata = {} }: StreamConfig): string | null {
  if (allowed !== true) return 'it has no allow_atomic';
  const version = metadata['_nats.ver'] ?? '';
  if (!(Number(metadata['_nats.level']) >= apiLevelMin)) return 'its server does not say that it knows them';
  return isMended(version) ? null : `nats-server ${version} is not known to be safe: 2.12.15, 2.14.5 and later are`;
}

function isMended(version: string): boolean {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return false;
  const line = mended.find((known) => known[0] === major && known[1] === minor);
  if (line !== undefined) return patch >= line[2];
  const [newest] = mended.slice(-1);
  return major > newest![0] || (major === newest![0] && minor > newest![1]);
}

/** The headers that a message has in a batch, at most. */
export const longestBatchLines = (): HeaderLine[] => [
  ...batchLines('x'.repeat(64), messagesMax, true),
  ['Nats-Expected-Last-Sequence', String(Number.MAX_SAFE_INTEGER)],
];

function batchLines(id: string, sequence: number, isLast: boolean): HeaderLine[] {
  const own: HeaderLine[] = [
    ['Nats-Batch-Id', id],
    ['Nats-Batch-Sequence', String(sequence)],
  ];
  return isLast ? [...own, ['Nats-Batch-Commit', '1']] : own;
}

export class AtomicBatches {
  readonly #link: Pick<OutgoingLink, 'publish' | 'send'>;
  /** A name that no other connection has. */
  readonly #name: string;
  #messagesMax = messagesMax;
  #count = 0;

  /** @param inbox a subject that nobody else has */
  constructor(link: Pick<OutgoingLink, 'publish' | 'send'>, inbox: string) {
    this.#link = link;
    this.#name = inbox.slice(inbox.lastIndexOf('.') + 1);
  }

  /** Messages in their order, cut into what fits a batch. */
  *cut(messages: Iterable<BatchMessage>): Generator<readonly BatchMessage[]> {
    let [batch, bytes]: [BatchMessage[], number] = [[], 0];
    for (const message of messages) {
      if (batch.length > 0 && (batch.length >= this.#messagesMax || bytes + message.body.length > bytesMax)) {
        yield batch;
        [batch, bytes] = [[], 0];
      }
      batch.push(message);
      bytes += message.body.length;
    }
    if (batch.length > 0) yield batch;
  }

  /**
   * @param last the sequence that the first message has to come right behind
   * @param own each message's own headers
   */
  async publish(
    batch: readonly BatchMessage[],
    last: number,
    own: (message: BatchMessage) => readonly HeaderLine[],
  ): Promise<PublishOutcome> {
    const id = `${this.#name}.${this.#count++}`;
    const lines = (i: number): HeaderLine[] => [...batchLines(id, i + 1, i === batch.length - 1), ...own(batch[i]!)];
    const [first, end] = [batch[0]!, batch.length - 1];
    const fenced: HeaderLine[] = [['Nats-Expected-Last-Sequence', String(last)], ...lines(0)];
    const begun = await this.#link.publish(first.subject, first.body, fenced);
    if (end === 0) return whole(begun, 1, last);
    if (begun.kind !== 'begun') return begun.kind === 'stored' ? alone : begun;
    for (let i = 1; i < end; i++) {
      const unsent = this.#link.send(batch[i]!.subject, batch[i]!.body, lines(i));
      if (unsent !== null) return unsent;
    }
    const committed = await this.#link.publish(batch[end]!.subject, batch[end]!.body, lines(end));
    return this.#fewer(whole(committed, batch.length, last));
  }

  /** A server may be set to take fewer. */
  #fewer(outcome: PublishOutcome): PublishOutcome {
    if (outcome.kind === 'refused' && outcome.code === tooMany) this.#messagesMax = Math.max(1, this.#messagesMax >> 1);
    return outcome;
  }
}

const alone: PublishOutcome = { kind: 'unknown', text: 'the server took a message of a batch for itself' };

function whole(outcome: PublishOutcome, count: number, last: number): PublishOutcome {
  if (outcome.kind !== 'stored' || (outcome.count === count && outcome.sequence === last + count)) return outcome;
  return { kind: 'unknown', text: `the server counts ${outcome.count ?? 0} messages of a batch of ${count}` };
}
