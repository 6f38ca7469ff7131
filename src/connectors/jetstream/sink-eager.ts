/**
 * A stream written at once, at least once: rows are published as they come, and a checkpoint waits until all of them are stored.
 *
 * A message that was not acknowledged is published again with the same id, so that the stream may see that it is the same; after
 * a restart the rows since the last checkpoint come again, and with new ids.
 * Invariants: JE1 when an epoch is staged, every row of it is stored.
 */
import type { Batch } from '../../batch/index.ts';
import type { SinkContext, SinkWriter } from '../../operators/index.ts';
import { untilAborted } from '../records/index.ts';
import type { HeaderLine } from './fence.ts';
import { type OutgoingMessage, OutgoingRows, type OutgoingSettings } from './outgoing.ts';
import { OutgoingLink, type PublishOutcome } from './outgoing-link.ts';
import { OutgoingWindow } from './outgoing-window.ts';
import { isOutage } from './sink-errors.ts';
import { Retry } from './sink-retry.ts';
import type { SinkStream } from './sink-stream.ts';

export interface EagerWriterOptions {
  readonly stream: SinkStream;
  readonly rows: Pick<OutgoingSettings, 'subject' | 'format' | 'perMessage'>;
  readonly context: SinkContext;
}
interface Numbered extends OutgoingMessage {
  readonly id: string;
}

export class EagerWriter implements SinkWriter {
  readonly #stream: SinkStream;
  readonly #context: SinkContext;
  readonly #link: OutgoingLink;
  readonly #rows: OutgoingRows;
  readonly #retry: Retry;
  readonly #mark: string;
  #count = 0;
  #ready: Numbered[] = [];
  /** Sent, and not known to be stored. */
  #open = new Map<string, Numbered>();
  #window = new OutgoingWindow();

  constructor({ stream, rows, context }: EagerWriterOptions) {
    this.#stream = stream;
    this.#context = context;
    this.#link = new OutgoingLink({ shared: stream.shared, clock: context.clock });
    this.#retry = new Retry(stream.shared, context, stream.label);
    const { incarnation, generation, operator, subtask } = context;
    this.#mark = `${encodeURIComponent(incarnation)}.${generation}.${encodeURIComponent(operator)}.${subtask}`;
    const headerBytes = `NATS/1.0\r\nNats-Msg-Id: ${this.#mark}:${Number.MAX_SAFE_INTEGER}\r\n\r\n`.length;
    this.#rows = new OutgoingRows(
      {
        ...rows,
        bytesMax: () => stream.bytesMax - headerBytes,
        checkSubject: (subject) => stream.checkSubject(subject),
        setAside: context.setAside,
      },
      (message) => this.#ready.push({ ...message, id: `${this.#mark}:${this.#count++}` }),
    );
  }

  async write(batch: Batch): Promise<void> {
    this.#rows.add(batch);
    this.#rows.end();
    await untilAborted(this.#send(), this.#context.signal);
  }

  /** Nothing is left to commit: it is all there. */
  async stage(): Promise<undefined> {
    const { signal } = this.#context;
    for (this.#retry.begin(); ; ) {
      await untilAborted(this.#window.empty(), signal);
      if (this.#window.error !== undefined && !isOutage(this.#window.error)) throw this.#window.error;
      if (this.#open.size === 0) break;
      await this.#retry.pause();
      await untilAborted(this.#again(), signal);
    }
    this.#retry.done();
  }

  async commit(): Promise<void> {}

  async close(): Promise<void> {
    this.#link.close();
    await this.#stream.shared.close();
  }

  async #send(): Promise<void> {
    for (const message of this.#ready.splice(0)) {
      this.#open.set(message.id, message);
      if (this.#window.failed) await this.stage();
      else {
        if (this.#window.isFull(message.body.length)) await this.#window.room(message.body.length);
        this.#publish(message);
      }
    }
  }

  /** All that is not known to be stored, in order. */
  async #again(): Promise<void> {
    this.#window = new OutgoingWindow();
    for (const message of [...this.#open.values()]) {
      if (this.#window.isFull(message.body.length)) await this.#window.room(message.body.length);
      if (this.#window.failed) return;
      this.#publish(message);
    }
  }

  #publish(message: Numbered): void {
    if (this.#window.failed) return;
    const { subject, body, id } = message;
    const lines: HeaderLine[] = [['Nats-Msg-Id', id]];
    this.#window.add(body.length, this.#link.publish(subject, body, lines), (outcome) => this.#answered(outcome, message));
  }

  #answered(outcome: PublishOutcome, { id, subject }: Numbered): boolean {
    if (outcome.kind === 'stored') return this.#open.delete(id);
    this.#retry.refused(outcome, subject);
    return false;
  }
}
