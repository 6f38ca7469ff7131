/**
 * A stream that others write to as well, on any server: what is there of an epoch is looked for, and the rest is published.
 *
 * A message has the same id whenever it is published, so the stream drops one that comes again within its window for duplicates.
 * That, and looking first, is all that keeps an older writer out: one that was paused for longer than the window, with messages
 * on their way, writes them a second time. The log says so.
 *
 * Invariants: JH1 an epoch is begun only when every message of the one before is stored.
 */
import type { Batch } from '../../batch/index.ts';
import type { CommitPermit, SinkContext, SinkWriter } from '../../operators/index.ts';
import { untilAborted } from '../records/index.ts';
import { type HeaderLine, nowhere, type Place, placeLines, type WriterIdentity, writerLines } from './fence.ts';
import { MessagePacker, OutgoingRows, type StagedMessages, unpackMessages } from './outgoing.ts';
import { OutgoingLink, type PublishOutcome } from './outgoing-link.ts';
import { OutgoingWindow } from './outgoing-window.ts';
import { isOutage, streamChanged, superseded } from './sink-errors.ts';
import type { FencedState, FencedWriterOptions } from './sink-fenced.ts';
import { Retry } from './sink-retry.ts';
import { type FoundEpoch, scan } from './sink-scan.ts';
import type { SinkStream } from './sink-stream.ts';

export class SharedWriter implements SinkWriter {
  readonly #stream: SinkStream;
  readonly #context: SinkContext;
  readonly #acceptRisk: boolean;
  readonly #identity: WriterIdentity;
  readonly #link: OutgoingLink;
  readonly #packer = new MessagePacker();
  readonly #rows: OutgoingRows;
  readonly #basis: number;
  readonly #retry: Retry;
  #settled: Place;
  /** What is there of the last epoch; null: to be looked for. */
  #found: FoundEpoch | null = null;

  constructor({ stream, rows, acceptRisk, context, state, last }: FencedWriterOptions) {
    this.#stream = stream;
    this.#context = context;
    this.#acceptRisk = acceptRisk;
    const { job, operator: sink, incarnation, generation, clock } = context;
    this.#identity = { job, sink, incarnation, generation };
    this.#link = new OutgoingLink({ shared: stream.shared, clock });
    this.#retry = new Retry(stream.shared, context, stream.label);
    this.#basis = state?.basis ?? last;
    this.#settled = state?.settled ?? nowhere;
    const longest = this.#lines(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const headerBytes = longest.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 12);
    this.#rows = new OutgoingRows(
      {
        ...rows,
        bytesMax: () => stream.bytesMax - headerBytes,
        checkSubject: (subject) => stream.checkSubject(subject),
        setAside: context.setAside,
      },
      this.#packer.add,
    );
  }

  write(batch: Batch): void {
    this.#rows.add(batch);
  }

  stage(): StagedMessages | undefined {
    this.#rows.end();
    return this.#packer.take();
  }

  async commit({ epoch }: CommitPermit, staged: unknown): Promise<void> {
    const { signal } = this.#context;
    for (this.#retry.begin(); ; ) {
      signal.throwIfAborted();
      try {
        this.#found ??= await untilAborted(this.#look(), signal);
        if (await untilAborted(this.#published(this.#found, epoch, staged as StagedMessages), signal)) break;
      } catch (error) {
        if (!isOutage(error)) throw error;
        this.#retry.failed(error.message);
      }
      this.#found = null;
      await this.#retry.pause();
    }
    this.#retry.done();
  }

  snapshot(): FencedState {
    return { basis: this.#basis, settled: this.#settled };
  }

  async close(): Promise<void> {
    this.#link.close();
    await this.#stream.shared.close();
  }

  async #look(): Promise<FoundEpoch> {
    const { first, last } = await this.#stream.end();
    const from = Math.max(this.#settled.sequence, this.#basis) + 1;
    if (last < this.#settled.sequence)
      throw streamChanged(`message ${this.#settled.sequence} was written, and now it ends with ${last}`, this.#stream.label);
    if (first > from && !this.#acceptRisk)
      throw streamChanged(`messages from ${from} to ${first - 1} are gone, and may be ours`, this.#stream.label);
    const found = await scan(this.#stream, Math.max(from, first), last, this.#identity);
    const { generation } = this.#identity;
    if (found.generation > generation) throw superseded(found.generation, this.#identity, this.#stream.label);
    const { restoredEpoch } = this.#context;
    if (found.generation < generation && found.epoch > restoredEpoch)
      throw streamChanged(
        `it holds results of epoch ${found.epoch}, and the checkpoint is of epoch ${restoredEpoch}`,
        this.#stream.label,
      );
    return found;
  }

  /** False if it is not known of every message that it is stored. */
  async #published(found: FoundEpoch, epoch: number, messages: StagedMessages): Promise<boolean> {
    if (epoch < found.epoch || epoch <= this.#settled.epoch) return true;
    const window = new OutgoingWindow();
    let sequence = found.epoch === epoch ? found.sequence : 0;
    const stored = (outcome: PublishOutcome, subject: string): boolean => {
      if (outcome.kind === 'stored') {
        sequence = Math.max(sequence, outcome.sequence);
        this.#retry.progressed();
        return true;
      }
      this.#retry.refused(outcome, subject);
      return false;
    };
    for (const { index, subject, body } of unpackMessages(messages, 0)) {
      if (found.epoch === epoch && found.indexes.has(index)) continue;
      if (window.isFull(body.length)) await window.room(body.length);
      if (window.failed) break;
      const sent = this.#link.publish(subject, body, this.#lines(epoch, index));
      window.add(body.length, sent, (outcome) => stored(outcome, subject));
    }
    await window.empty();
    if (window.error !== undefined) throw window.error;
    if (window.failed) return false;
    this.#settled = { epoch, index: messages.count - 1, sequence };
    return true;
  }

  #lines(epoch: number, index: number): HeaderLine[] {
    const { incarnation, sink } = this.#identity;
    const id = `${encodeURIComponent(incarnation)}.${encodeURIComponent(sink)}:${epoch}:${index}`;
    const own: HeaderLine[] = [
      ['Nats-Msg-Id', id],
      ['Nats-Expected-Stream', this.#stream.name],
    ];
    return [...own, ...writerLines(this.#identity), ...placeLines(epoch, index)];
  }
}
