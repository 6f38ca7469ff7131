/**
 * Lines of a TCP connection, brought into the journal.
 *
 * Owns: the connection: waiting for a server that is not there, connecting again when it has gone, and not reading while
 * the journal's reader is behind. A record exists once its line has ended and is in the journal: what a connection leaves
 * behind its last line end when it closes is dropped, with a warning.
 */
import { connect, type Socket } from 'node:net';
import { sleep } from '../../core/index.ts';
import type { SourceContext } from '../../operators/index.ts';
import { type EntryKind, entryKind, journalEntry, type JournalIntake, type LiveInput } from '../journal/index.ts';
import { LineSplitter, type RawRecord } from '../records/index.ts';
import { Backoff } from './backoff.ts';

export const lineBytesMax: number = 1024 * 1024;
const leastDelayMs = 250;
const mostDelayMs = 5000;

export class SocketInput implements LiveInput {
  readonly #host: string;
  readonly #port: number;
  readonly #skipBlank: boolean;
  readonly #context: SourceContext;
  readonly #backoff = new Backoff(leastDelayMs, mostDelayMs);
  #saidWaiting = false;

  constructor(host: string, port: number, skipBlank: boolean, context: SourceContext) {
    this.#host = host;
    this.#port = port;
    this.#skipBlank = skipBlank;
    this.#context = context;
  }

  async run(intake: JournalIntake, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    try {
      for (;;) {
        await this.#connection(intake, signal);
        await sleep(clock, this.#backoff.next(), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** One connection from its begin to its end, if there is one. */
  async #connection(intake: JournalIntake, signal: AbortSignal): Promise<void> {
    const { logger } = this.#context;
    signal.throwIfAborted();
    const socket = connect({ host: this.#host, port: this.#port, keepAlive: true });
    const abort = (): void => void socket.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await connected(socket);
      this.#saidWaiting = false;
      logger.info({ host: this.#host, port: this.#port }, `connected to ${this.#name}`);
      await this.#lines(socket, intake);
      logger.warn({ host: this.#host, port: this.#port }, `${this.#name} closed the connection; connecting again`);
    } catch (error) {
      if (!signal.aborted) this.#lost(error as Error);
    } finally {
      signal.removeEventListener('abort', abort);
      socket.destroy();
    }
  }

  async #lines(socket: Socket, intake: JournalIntake): Promise<void> {
    const splitter = new LineSplitter(0, 0, lineBytesMax);
    try {
      for await (const chunk of socket as AsyncIterable<Uint8Array>) {
        this.#backoff.succeeded();
        splitter.push(chunk);
        intake.offer(this.#entries(splitter));
        await intake.room();
      }
    } finally {
      const rest = splitter.end();
      if (rest !== null)
        this.#context.logger.warn({ bytes: rest.bytes.length }, `${this.#name} closed in the middle of a line, which is dropped`);
    }
  }

  #entries(splitter: LineSplitter): Uint8Array[] {
    const entries: Uint8Array[] = [];
    for (let line = splitter.next(); line !== null; line = splitter.next()) {
      if (line.bytes.length > 0 || !this.#skipBlank) entries.push(journalEntry(kindOf(line), line.bytes));
    }
    return entries;
  }

  /** One line for each time of waiting, however many tries it takes. */
  #lost(error: Error): void {
    if (this.#saidWaiting) return;
    this.#saidWaiting = true;
    this.#context.logger.warn(
      { host: this.#host, port: this.#port, reason: error.message },
      `waiting for ${this.#name}, start one with \`nc -lk ${this.#port}\``,
    );
  }

  get #name(): string {
    return `${this.#host}:${this.#port}`;
  }
}

function kindOf({ tooLong }: RawRecord): EntryKind {
  return tooLong ? entryKind.tooLong : entryKind.record;
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.on('error', reject); // stays, so that no error is ever without a listener
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}
