/**
 * Journals as streams, one each: the entry `n` is the message `n - offset + 1`.
 *
 * Owns: the streams, which are made when a journal is first written. The offset of one that was begun elsewhere is in its description.
 * Invariants: S15 as in the other stores; one writer at a time appends (the generation's own source subtask).
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { invariant, type Random, WeirError } from '../../core/index.ts';
import { checkStoreName } from '../blob-id.ts';
import type { Journal, JournalEntry, JournalExtent } from '../ports.ts';
import type { StoreNames } from './store-names.ts';
import { storeError, StoreStream } from './store-stream.ts';

/** Entries under way at a time. */
const windowMax = 256;

interface Opened {
  readonly stream: StoreStream;
  readonly offset: number;
}

export class NatsJournal implements Journal {
  readonly #connection: NatsConnection;
  readonly #random: Random;
  readonly #names: StoreNames;
  /** Any stream: to ask for others. */
  readonly #manager: StoreStream;
  readonly #opened = new Map<string, Promise<Opened>>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(connection: NatsConnection, names: StoreNames, manager: StoreStream, random: Random) {
    this.#connection = connection;
    this.#random = random;
    this.#names = names;
    this.#manager = manager;
  }

  append(name: string, values: readonly Uint8Array[]): Promise<number> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(() => this.#append(name, values));
    this.#turns.set(
      name,
      turn.catch(() => undefined), // whoever appended is told
    );
    return turn;
  }

  async read(name: string, sequence: number, limit: number): Promise<readonly JournalEntry[]> {
    const { stream, offset } = await this.#open(name);
    const { first, last } = await stream.extent();
    const begin = first - 1 + offset;
    const end = last + offset;
    if (sequence < begin) throw damaged(name, `entry ${sequence} was released, the first is ${begin}`);
    if (sequence > end) throw damaged(name, `it ends at ${end}, before entry ${sequence}`);
    const count = Math.min(limit, end - sequence);
    const found = await Promise.all(Array.from({ length: count }, (_, i) => stream.read({ seq: sequence - offset + 1 + i })));
    return found.map((stored, i) => {
      if (stored === null) throw damaged(name, `entry ${sequence + i} is missing`);
      return { sequence: sequence + i, value: stored.bytes };
    });
  }

  async end(name: string): Promise<number> {
    const { stream, offset } = await this.#open(name);
    return (await stream.extent()).last + offset;
  }

  async release(name: string, sequence: number): Promise<void> {
    const { stream, offset } = await this.#open(name);
    const { last } = await stream.extent();
    const before = Math.min(sequence - offset + 1, last + 1);
    if (before > 1) await stream.purge({ seq: before });
  }

  async list(): Promise<readonly JournalExtent[]> {
    const found: JournalExtent[] = [];
    try {
      for await (const { config, state } of this.#manager.manager.streams.list()) {
        if (!config.name.startsWith(this.#names.journals)) continue;
        const name = Buffer.from(config.name.slice(this.#names.journals.length), 'hex').toString();
        const offset = offsetOf(config.description);
        const extent = {
          name,
          first: state.first_seq === 0 ? offset : state.first_seq - 1 + offset,
          end: state.last_seq + offset,
        };
        if (extent.end > 0) found.push(extent);
      }
    } catch (error) {
      throw storeError(error, 'list journals');
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async begin(name: string, sequence: number): Promise<void> {
    const { journals } = { journals: await this.list() };
    invariant(!journals.some((journal) => journal.name === name), `S15: journal ${name} has begun already`);
    const known = await this.#opened.get(checkStoreName(name));
    if (known !== undefined) await this.#manager.manager.streams.delete(known.stream.name); // empty: it was only looked at
    this.#opened.set(name, this.#make(name, sequence));
    await this.#opened.get(name);
  }

  async #append(name: string, values: readonly Uint8Array[]): Promise<number> {
    const { stream, offset } = await this.#open(name);
    const subject = this.#names.journalSubject(name);
    const first = (await stream.extent()).last;
    for (let at = 0; at < values.length; at += windowMax) {
      const piece = values.slice(at, at + windowMax);
      const written = await Promise.all(piece.map((value) => stream.write(subject, value)));
      if (written.some((one, i) => one?.sequence !== first + at + i + 1))
        throw new WeirError('E_RUNNING', `journal ${name}: somebody else writes it`, { retry: 'never' });
    }
    return first + offset;
  }

  #open(name: string): Promise<Opened> {
    const known = this.#opened.get(checkStoreName(name));
    if (known !== undefined) return known;
    const opened = this.#make(name, 0);
    this.#opened.set(name, opened);
    opened.catch(() => this.#opened.delete(name));
    return opened;
  }

  /** One that is there keeps its offset. */
  async #make(name: string, offset: number): Promise<Opened> {
    const stream = this.#names.journal(name);
    const there = await this.#manager.manager.streams.info(stream).catch(() => null);
    if (there !== null)
      return {
        stream: await StoreStream.open(this.#connection, this.#random, { name: stream }, false),
        offset: offsetOf(there.config.description),
      };
    const config = { name: stream, subjects: [this.#names.journalSubject(name)], description: `begins at ${offset}` };
    return { stream: await StoreStream.open(this.#connection, this.#random, config, true), offset };
  }
}

const offsetOf = (description: string | undefined): number => Number(/^begins at (\d+)$/.exec(description ?? '')?.[1] ?? 0);
const damaged = (name: string, what: string): WeirError => new WeirError('E_STATE_DAMAGED', `journal ${name}: ${what}`);
