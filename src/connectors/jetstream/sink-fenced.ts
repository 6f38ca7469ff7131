/**
 * A stream that one writer has to itself, written exactly once on any server.
 *
 * What an epoch adds lies in the checkpoint until that is complete; then it is published. A writer begins with a fence: one
 * message, alone under way, that the stream takes only if nothing was written since its end was looked at. Every message after
 * it is taken only right behind the one before (by its id), so nothing of an older writer can come between or behind, however
 * late it wakes up. Where the stream takes atomic batches, an epoch is one, or several, each only right behind what is known to
 * be stored. Whatever goes wrong, the way on is the same: look at the stream's end, and fence anew. Nothing is guessed.
 *
 * Owns: publishing an epoch, going on after an outage. Does not own: the decision whose the stream is (fence.ts).
 * Invariants: JS1 no more than `inFlightMax` messages are under way, and none but a fence until that is stored; JS2 messages are
 * in the stream in the order of their rows; JS3 one batch is under way at a time, behind a sequence that was acknowledged.
 */
import { type Batch } from '../../batch/index.ts';
import type { CommitPermit, SinkContext, SinkWriter } from '../../operators/index.ts';
import { untilAborted } from '../records/index.ts';
import { AtomicBatches, type BatchMessage, longestBatchLines } from './atomic-batches.ts';
import {
  claim,
  fenceLines,
  fenceMark,
  isBefore,
  nowhere,
  type HeaderLine,
  type Place,
  placeLines,
  type Tail,
  type WriterIdentity,
  writerLines,
} from './fence.ts';
import { MessagePacker, OutgoingRows, type OutgoingSettings, type StagedMessages, unpackMessages } from './outgoing.ts';
import { OutgoingLink, type PublishOutcome } from './outgoing-link.ts';
import { OutgoingWindow } from './outgoing-window.ts';
import { isOutage, superseded, streamChanged } from './sink-errors.ts';
import { Retry } from './sink-retry.ts';
import type { SinkStream } from './sink-stream.ts';

const nothing = new Uint8Array(0);

export interface FencedWriterOptions {
  readonly stream: SinkStream;
  readonly rows: Pick<OutgoingSettings, 'subject' | 'format' | 'perMessage'>;
  readonly acceptRisk: boolean;
  readonly context: SinkContext;
  readonly state: FencedState | undefined;
  /** The stream's last sequence when it was opened. */
  readonly last: number;
}
/** In every checkpoint. */
export interface FencedState {
  /** The stream's last sequence when nothing of this life of the job was in it. */
  readonly basis: number;
  /** The last message that was known to be there. */
  readonly settled: Place;
}

/** What was made by a fence: where to write on, and behind which message. */
interface Chain {
  readonly mark: string;
  readonly fenceSequence: number;
  readonly batched: boolean;
  previousId: string;
  /** The last message of the stream, where batches are written. */
  last: number;
  /** The last message that is known to be there, without a gap before it. */
  place: Place;
}

export class FencedWriter implements SinkWriter {
  readonly #stream: SinkStream;
  readonly #context: SinkContext;
  readonly #acceptRisk: boolean;
  readonly #identity: WriterIdentity;
  readonly #lines: readonly HeaderLine[];
  readonly #link: OutgoingLink;
  readonly #batches: AtomicBatches;
  readonly #packer = new MessagePacker();
  readonly #rows: OutgoingRows;
  readonly #basis: number;
  readonly #retry: Retry;
  #settled: Place;
  #chain: Chain | null = null;
  #fences = 0;

  constructor({ stream, rows, acceptRisk, context, state, last }: FencedWriterOptions) {
    this.#stream = stream;
    this.#context = context;
    this.#acceptRisk = acceptRisk;
    const { job, operator: sink, incarnation, generation, clock } = context;
    this.#identity = { job, sink, incarnation, generation };
    this.#lines = writerLines(this.#identity);
    this.#link = new OutgoingLink({ shared: stream.shared, clock });
    this.#batches = new AtomicBatches(this.#link, stream.shared.inbox());
    this.#retry = new Retry(stream.shared, context, stream.label);
    this.#basis = state?.basis ?? last;
    this.#settled = state?.settled ?? nowhere;
    const headerBytes = this.#headerBytes();
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
    const messages = staged as StagedMessages;
    const { signal } = this.#context;
    for (this.#retry.begin(); ; ) {
      signal.throwIfAborted();
      try {
        this.#chain ??= await untilAborted(this.#fenced(), signal);
        if (this.#chain !== null && (await untilAborted(this.#published(this.#chain, epoch, messages), signal))) break;
      } catch (error) {
        if (!isOutage(error)) throw error;
        this.#retry.failed(error.message);
      }
      this.#chain = null;
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

  // ── the fence

  /** Null if somebody was faster, or it is not known whether the fence was stored. */
  async #fenced(): Promise<Chain | null> {
    if (this.#context.sabotage === 'no-fence') return this.#unfenced();
    const { last, tail } = await this.#stream.end();
    const { restoredEpoch } = this.#context;
    const known = { basis: this.#basis, settled: this.#settled, restoredEpoch, acceptRisk: this.#acceptRisk };
    const claimed = claim(tail, last, this.#claimant(tail), known);
    if (claimed.kind === 'superseded') throw superseded(claimed.by, this.#identity, this.#stream.label);
    if (claimed.kind === 'changed') throw streamChanged(claimed.why, this.#stream.label);
    // A number is used once: an answer that was lost may have been that it is stored.
    this.#fences = Math.max(this.#fences + 1, claimed.fence);
    return this.#fence(last, claimed.place);
  }

  #claimant(tail: Tail | null): WriterIdentity {
    if (this.#context.sabotage !== 'no-generation' || tail?.writer === undefined) return this.#identity;
    return { ...this.#identity, generation: tail.writer.generation };
  }

  async #fence(last: number, place: Place): Promise<Chain | null> {
    const mark = fenceMark(this.#identity, this.#fences);
    const id = `${mark}:fence`;
    const outcome = await this.#link.publish(this.#stream.fence, nothing, [
      ['Nats-Msg-Id', id],
      ['Nats-Expected-Stream', this.#stream.name],
      ['Nats-Expected-Last-Sequence', String(last)],
      ...this.#lines,
      ...fenceLines(this.#fences, place),
    ]);
    if (outcome.kind === 'stored' && !outcome.duplicate) {
      const { sequence } = outcome;
      const batched = this.#stream.batchesRefused === null;
      return { mark, fenceSequence: sequence, batched, previousId: id, last: sequence, place };
    }
    this.#retry.refused(outcome, this.#stream.fence);
    return null;
  }

  /** Tests only. */
  async #unfenced(): Promise<Chain> {
    const { tail } = await this.#stream.end();
    const mark = fenceMark(this.#identity, ++this.#fences);
    return { mark, fenceSequence: 0, batched: false, previousId: '', last: 0, place: tail?.place ?? nowhere };
  }

  // ── an epoch

  /** False if it is not known of every message that it is stored: the stream knows. */
  async #published(chain: Chain, epoch: number, messages: StagedMessages): Promise<boolean> {
    const whole = { epoch, index: messages.count - 1, sequence: 0 };
    if (!isBefore(chain.place, whole)) return this.#settle(chain);
    const left = unpackMessages(messages, chain.place.epoch === epoch ? chain.place.index + 1 : 0);
    const stored = chain.batched ? await this.#inBatches(chain, epoch, left) : await this.#inChain(chain, epoch, left);
    return stored && this.#settle(chain);
  }

  /** One batch after the other: the next comes right behind what is known to be stored. */
  async #inBatches(chain: Chain, epoch: number, messages: Iterable<BatchMessage>): Promise<boolean> {
    const lines = ({ index }: BatchMessage): HeaderLine[] => this.#ownLines(`${chain.mark}:${epoch}:${index}`, epoch, index);
    for (const batch of this.#batches.cut(messages)) {
      const outcome = await this.#batches.publish(batch, chain.last, lines);
      if (outcome.kind !== 'stored') {
        this.#retry.batchRefused(
          outcome,
          batch.map(({ subject }) => subject),
        );
        return false;
      }
      const { index } = batch.at(-1)!;
      chain.last = outcome.sequence;
      chain.place = { epoch, index, sequence: outcome.sequence };
      this.#retry.progressed();
    }
    return true;
  }

  async #inChain(chain: Chain, epoch: number, messages: Iterable<BatchMessage>): Promise<boolean> {
    const window = new OutgoingWindow();
    for (const { index, subject, body } of messages) {
      if (window.isFull(body.length)) await window.room(body.length);
      if (window.failed) break;
      const id = `${chain.mark}:${epoch}:${index}`;
      const sent = this.#link.publish(subject, body, this.#dataLines(chain.previousId, id, epoch, index));
      chain.previousId = id;
      window.add(body.length, sent, (outcome) => this.#acknowledged(chain, outcome, subject, epoch, index));
    }
    await window.empty();
    if (window.error !== undefined) throw window.error;
    return !window.failed;
  }

  /** In the order in which they were sent. False ends the window. */
  #acknowledged(chain: Chain, outcome: PublishOutcome, subject: string, epoch: number, index: number): boolean {
    const stored = outcome.kind === 'stored' && (!outcome.duplicate || outcome.sequence >= chain.fenceSequence);
    if (!stored) {
      this.#retry.refused(outcome, subject);
      return false;
    }
    chain.place = { epoch, index, sequence: outcome.sequence };
    this.#retry.progressed();
    return true;
  }

  #settle({ place }: Chain): true {
    if (isBefore(this.#settled, place)) this.#settled = place;
    return true;
  }

  #dataLines(previousId: string, id: string, epoch: number, index: number): HeaderLine[] {
    const own = this.#ownLines(id, epoch, index);
    return this.#context.sabotage === 'no-fence' ? own : [['Nats-Expected-Last-Msg-Id', previousId], ...own];
  }

  #ownLines(id: string, epoch: number, index: number): HeaderLine[] {
    return [['Nats-Expected-Stream', this.#stream.name], ['Nats-Msg-Id', id], ...this.#lines, ...placeLines(epoch, index)];
  }

  /** Of the longest headers that a message of this writer can have. */
  #headerBytes(): number {
    const longest = `${fenceMark(this.#identity, 1e9)}:${Number.MAX_SAFE_INTEGER}:${Number.MAX_SAFE_INTEGER}`;
    const chained = this.#dataLines(longest, longest, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const lines = [...chained, ...longestBatchLines()];
    return lines.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 'NATS/1.0\r\n\r\n'.length);
  }
}
