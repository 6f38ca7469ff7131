/**
 * The values of an epoch, each put once, and only over the value that was looked at.
 *
 * Owns: which value of a key is newer. A value names the generation and the epoch that put it, and is replaced by compare-and-set
 * on its revision, so neither a commit that comes again nor an older generation that wakes up can put an older value over a newer.
 * Invariants: JK1 a value of an epoch is never replaced by one of an earlier epoch of the same life of the job.
 */
import { type Batch, takesBack } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { CommitPermit, SinkContext, SinkWriter } from '../../operators/index.ts';
import { encodedRow, type FormatDefinition, rowText } from '../formats/index.ts';
import {
  type HeaderLine,
  isOutage,
  MessagePacker,
  OutgoingLink,
  placeLines,
  Retry,
  type StagedMessages,
  superseded,
  unpackMessages,
  type WriterIdentity,
  writerLines,
} from '../jetstream/index.ts';
import { setAside } from '../set-aside.ts';
import { untilAborted } from '../records/index.ts';
import type { KvBucket } from './kv-bucket.ts';

const keyCharsMax = 1024;
const putsMax = 256;
/** Revisions that are remembered. */
const knownMax = 100_000;
const wrongSequence = [10071, 10164];

export interface KvRows {
  readonly key: (row: object) => unknown;
  readonly format: FormatDefinition;
}
/** A key without a body is deleted. */
interface Put {
  readonly key: string;
  readonly body: Uint8Array | null;
}
interface StagedPuts extends StagedMessages {
  /** Keys that are gone; absent: none. */
  readonly deleted?: readonly string[];
}
const noBody = new Uint8Array();

export class KvWriter implements SinkWriter {
  readonly #bucket: KvBucket;
  readonly #rows: KvRows;
  readonly #context: SinkContext;
  readonly #identity: WriterIdentity;
  readonly #link: OutgoingLink;
  readonly #retry: Retry;
  /** The last row of each key in this epoch; null: it had one before, and has none any more. */
  #values = new Map<string, Uint8Array | null>();
  /** What this writer has put: revision and epoch. */
  readonly #known = new Map<string, { readonly sequence: number; readonly epoch: number }>();

  constructor(bucket: KvBucket, rows: KvRows, context: SinkContext) {
    this.#bucket = bucket;
    this.#rows = rows;
    this.#context = context;
    const { job, operator: sink, incarnation, generation, clock } = context;
    this.#identity = { job, sink, incarnation, generation };
    this.#link = new OutgoingLink({ shared: bucket.shared, clock });
    this.#retry = new Retry(bucket.shared, context, bucket.label);
  }

  write(batch: Batch): void {
    const headerBytes = lengthOf(this.#lines(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
    const max = this.#bucket.bytesMax - headerBytes;
    for (let i = 0; i < batch.length; i++) {
      try {
        this.#add(batch, i, max);
      } catch (error) {
        setAside(this.#context.setAside, batch, i, error);
      }
    }
  }

  #add(batch: Batch, i: number, max: number): void {
    const key = this.#keyOf(batch, i);
    if (takesBack(batch.kind(i))) {
      // The key may have come to another group meanwhile, whose row was here before this one.
      if (!this.#values.has(key)) this.#values.set(key, null);
      return;
    }
    const body = encodedRow(batch, i, this.#rows.format);
    if (body.length > max)
      throw new WeirError('E_VALUE', `a value of ${body.length} bytes is longer than ${max}; ${rowText(batch, i)}`, {
        hint: 'make the row smaller, or raise max_payload of the server',
      });
    this.#values.set(key, body);
  }

  stage(): StagedPuts | undefined {
    const packer = new MessagePacker();
    const deleted: string[] = [];
    for (const [subject, body] of this.#values) {
      if (body === null) deleted.push(subject);
      else packer.add({ subject, body });
    }
    this.#values = new Map();
    const puts = packer.take();
    return deleted.length === 0 ? puts : { count: 0, bytes: noBody, ...puts, deleted };
  }

  async commit({ epoch }: CommitPermit, staged: unknown): Promise<void> {
    const { signal } = this.#context;
    const { deleted = [], ...puts } = staged as StagedPuts;
    let left: Put[] = [
      ...Array.from(unpackMessages(puts, 0), ({ subject, body }) => ({ key: subject, body })),
      ...deleted.map((key) => ({ key, body: null })),
    ];
    for (this.#retry.begin(); ; ) {
      signal.throwIfAborted();
      left = await untilAborted(this.#putAll(left, epoch), signal);
      if (left.length === 0) break;
      await this.#retry.pause();
    }
    this.#retry.done();
  }

  async close(): Promise<void> {
    this.#link.close();
    await this.#bucket.shared.close();
  }

  /** Those of which it is not known that they are there. */
  async #putAll(puts: readonly Put[], epoch: number): Promise<Put[]> {
    const queue = [...puts].reverse();
    const left: Put[] = [];
    const worker = async (): Promise<void> => {
      for (let put = queue.pop(); put !== undefined; put = queue.pop()) if (!(await this.#put(put, epoch))) left.push(put);
    };
    await Promise.all(Array.from({ length: Math.min(putsMax, puts.length) }, worker));
    return left;
  }

  async #put(put: Put, epoch: number): Promise<boolean> {
    try {
      for (;;) {
        const over = await this.#replaces(put.key, epoch);
        if (over === null) return true;
        const subject = this.#bucket.subject(put.key);
        const lines = this.#lines(epoch, over);
        const outcome =
          put.body === null
            ? await this.#link.publish(subject, noBody, [...lines, ['KV-Operation', 'DEL']])
            : await this.#link.publish(subject, put.body, lines);
        if (outcome.kind === 'stored') {
          this.#remember(put.key, outcome.sequence, epoch);
          return true;
        }
        this.#known.delete(put.key);
        if (outcome.kind === 'refused' && wrongSequence.includes(outcome.code)) continue;
        this.#retry.refused(outcome, subject);
        return false;
      }
    } catch (error) {
      if (!isOutage(error)) throw error;
      this.#retry.failed(error.message);
      return false;
    }
  }

  /** The revision that the epoch's value takes the place of; null if the value that is there is this one, or a later. */
  async #replaces(key: string, epoch: number): Promise<number | null> {
    const own = this.#known.get(key);
    if (own !== undefined) return own.epoch >= epoch ? null : own.sequence;
    const found = await this.#bucket.last(key);
    if (found === null) return 0;
    const { job, sink, incarnation, generation } = this.#identity;
    const { writer, place, sequence } = found;
    if (writer?.incarnation !== incarnation || writer.job !== job || writer.sink !== sink) return sequence;
    if (writer.generation > generation) throw superseded(writer.generation, this.#identity, this.#bucket.label);
    // Results that the restored checkpoint does not know are void: their epochs come again, with other rows.
    const isVoid = writer.generation < generation && place.epoch > this.#context.restoredEpoch;
    return place.epoch >= epoch && !isVoid ? null : sequence;
  }

  #remember(key: string, sequence: number, epoch: number): void {
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.set(key, { sequence, epoch });
  }

  #lines(epoch: number, over: number): HeaderLine[] {
    return [['Nats-Expected-Last-Subject-Sequence', String(over)], ...writerLines(this.#identity), ...placeLines(epoch, 0)];
  }

  #keyOf(batch: Batch, i: number): string {
    const key = called(this.#rows.key, batch, i);
    const tokens = typeof key === 'string' && key.length <= keyCharsMax ? key.split('.') : [];
    if (tokens.length > 0 && tokens.every((token) => /^[-/_=A-Za-z0-9]+$/.test(token))) return key as string;
    const shown = typeof key === 'string' ? JSON.stringify(key.slice(0, 100)) : typeof key;
    throw new WeirError('E_VALUE', `${shown} is no key of a bucket; ${rowText(batch, i)}`, {
      hint: 'a key has letters, digits and - _ = / with dots between them',
    });
  }
}

function called(key: (row: object) => unknown, batch: Batch, i: number): unknown {
  try {
    return key(batch.row(i));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new WeirError('E_CLOSURE', `\`key\` threw: ${said}; ${rowText(batch, i)}`, { cause: error });
  }
}

const lengthOf = (lines: readonly HeaderLine[]): number =>
  lines.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 12);
