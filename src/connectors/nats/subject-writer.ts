/**
 * Sends the rows of an epoch when its checkpoint is complete, once. What was staged before a restart may have been sent, and
 * is not sent again: that would be at least once.
 *
 * Invariants: NW1 no row is sent twice.
 */
import type { Batch } from '../../batch/index.ts';
import type { CommitPermit, SinkContext, SinkWriter } from '../../operators/index.ts';
import {
  MessagePacker,
  OutgoingRows,
  type OutgoingSettings,
  type SharedConnection,
  type StagedMessages,
  unpackMessages,
} from '../jetstream/index.ts';

/** Messages between two looks at whether the server takes them. */
const flushEvery = 1000;

export class SubjectWriter implements SinkWriter {
  readonly #shared: SharedConnection;
  readonly #context: SinkContext;
  readonly #packer = new MessagePacker();
  readonly #rows: OutgoingRows;
  /** The last epoch that was sent, or must not be. */
  #sent = 0;
  #bytesMax = 1 << 20;

  constructor(shared: SharedConnection, rows: Pick<OutgoingSettings, 'subject' | 'format' | 'perMessage'>, context: SinkContext) {
    this.#shared = shared;
    this.#context = context;
    this.#sent = context.restoredEpoch;
    this.#rows = new OutgoingRows(
      { ...rows, bytesMax: () => this.#max(), checkSubject: () => undefined, setAside: context.setAside },
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
    if (epoch <= this.#sent) return;
    this.#sent = epoch;
    const messages = staged as StagedMessages;
    const sure = await this.#send(messages);
    if (sure === messages.count) return;
    const { logger } = this.#context;
    const lost = messages.count - sure;
    logger.warn({ epoch, rows: lost }, `nats: the connection was interrupted, and up to ${lost} messages were lost`);
  }

  async close(): Promise<void> {
    await this.#shared.close();
  }

  /** How many have reached the server for sure. */
  async #send(messages: StagedMessages): Promise<number> {
    const { connection, watch } = this.#shared;
    let interrupted = !watch.connected;
    let sure = 0;
    let interrupt: () => void = () => undefined;
    const interruption = new Promise<void>((resolve) => (interrupt = resolve));
    const unwatch = watch.onChange(() => {
      interrupted = true;
      interrupt();
    });
    try {
      for (const { index, subject, body } of unpackMessages(messages, 0)) {
        if (interrupted) return sure;
        connection.publish(subject, body);
        if ((index + 1) % flushEvery !== 0 && index + 1 < messages.count) continue;
        await Promise.race([connection.flush(), interruption]);
        if (interrupted) return sure;
        sure = index + 1;
      }
    } catch {
      // The connection is closed: what was not sent is lost, as declared, and counted.
    } finally {
      unwatch();
    }
    return sure;
  }

  #max(): number {
    this.#bytesMax = this.#shared.connection.info?.max_payload ?? this.#bytesMax;
    return this.#bytesMax;
  }
}
