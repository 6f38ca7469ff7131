/**
 * A job over rows that cannot be read again: a sender outside brings each until it hears that it is in the job's journal, and over a
 * new connection those of which it did not hear. What is in the journal counts once.
 *
 * Owns: the sender, which outlives the crashes of the job; the source; the job; and what must come out.
 */
import { count, streamOf } from '../../src/api/index.ts';
import { batchSchema, packValue, unpackValue } from '../../src/batch/index.ts';
import { entryKind, type JournalIntake, journalEntry, journalName, JournalReader } from '../../src/connectors/journal/index.ts';
import type { SourceContext, SourceDefinition } from '../../src/operators/index.ts';
import type { LogicalJob } from '../../src/plan/index.ts';
import { output } from '../golden/life.ts';
import type { World } from '../golden/world.ts';

export interface SentRow {
  readonly id: number;
  readonly k: string | null;
}
export const senderName = 'sender';
/** Rows that are under way to a journal at once. */
const underWayMax = 5;
/** The sender looks so often whether it may send another. */
const pauseMs = 3;
const schema = batchSchema([
  { name: 'id', type: { kind: 'int64' }, nullable: false },
  { name: 'k', type: { kind: 'string' }, nullable: true },
]);

export class Sender {
  readonly rows: readonly SentRow[];
  /** How often each row was sent. */
  readonly #sent: number[];
  /** Those before it are in the journal, as the sender heard. */
  #heard = 0;
  readonly #mayBring: (share: number) => boolean;
  #connections = 0;

  /** @param mayBring this share of them, by now */
  constructor(rows: readonly SentRow[], mayBring: (share: number) => boolean) {
    this.rows = rows;
    this.#sent = rows.map(() => 0);
    this.#mayBring = mayBring;
  }

  get #source(): SourceDefinition {
    return {
      type: 'source',
      name: senderName,
      guarantee: 'exactly-once',
      schema,
      identity: 'sender',
      bounded: true,
      splits: async () => ['0'],
      open: async (split, from, records, context) =>
        new JournalReader({
          split,
          schema,
          decode: (record) => unpackValue(record) as object,
          from: (from as { sequence: number } | undefined)?.sequence ?? 0,
          records,
          place: (sequence) => `row ${sequence} of the sender`,
          input: { run: (intake, signal) => this.#connected(intake, signal, context) },
          context: { ...context, batchRowsMax: 1 + (records % 7) },
        }),
      release: async (_split, before, context) =>
        context.journal.release(journalName(context), (before as { sequence: number }).sequence),
    };
  }

  /** One connection, until there is a newer one: from the first row of which it did not hear. */
  async #connected(intake: JournalIntake, signal: AbortSignal, { clock }: SourceContext): Promise<void> {
    const connection = ++this.#connections;
    let next = this.#heard;
    let stored = next;
    const isOpen = (): boolean => !signal.aborted && connection === this.#connections;
    const pause = (): Promise<void> => new Promise((resolve) => void clock.setTimer(pauseMs, resolve));
    const offer = (at: number): void =>
      intake.offer([journalEntry(entryKind.record, packValue(this.rows[at]!))], () => {
        stored = at + 1;
        this.#heard = Math.max(this.#heard, stored);
      });
    for (; isOpen() && stored < this.rows.length; await pause())
      for (; next < this.rows.length && next - stored < underWayMax && this.#mayBring(next / this.rows.length); next++) {
        this.#sent[next]!++;
        offer(next);
      }
    if (isOpen()) intake.offer([journalEntry(entryKind.end, new Uint8Array(0))]);
  }

  /** All as they came, and how often each key did so far. */
  outputs(world: World): LogicalJob['outputs'] {
    const rows = streamOf<SentRow>({ kind: 'source', source: this.#source, site: '', schema });
    const counts = rows.groupBy('k').agg({ n: count() });
    return [output(rows, world.sink('rows')), output(counts, world.sink('counts'), 'update')];
  }

  /** What is wrong with what came out. */
  wrong(world: World): string[] {
    const rows = world.rows<SentRow>('rows');
    const came = this.rows.map(() => 0);
    for (const { id } of rows) came[id]!++;
    const lost = came.findIndex((times) => times === 0);
    const tooOften = came.findIndex((times, id) => times > this.#sent[id]!);
    const firsts = rows.filter(({ id }, i) => rows.findIndex((row) => row.id === id) === i).map(({ id }) => id);
    const swapped = firsts.find((id, i) => id !== i);
    return [
      ...(lost < 0 ? [] : [`row ${lost} was sent ${this.#sent[lost]} times, and is lost`]),
      ...(tooOften < 0 ? [] : [`row ${tooOften} was sent ${this.#sent[tooOften]} times, and came ${came[tooOften]} times`]),
      ...(swapped === undefined || lost >= 0 ? [] : [`row ${swapped} came before an earlier one`]),
      ...countsOf(rows, world.rows('counts')),
    ];
  }
}

/** The last count of each key is that of the rows that came. */
function countsOf(rows: readonly SentRow[], counts: readonly { readonly k: string | null; readonly n: number }[]): string[] {
  const last = new Map(counts.map(({ k, n }) => [k, n]));
  return [...new Set(rows.map(({ k }) => k))].flatMap((key) => {
    const n = rows.filter(({ k }) => k === key).length;
    return last.get(key) === n ? [] : [`${n} rows of ${key} came, and ${last.get(key)} were counted`];
  });
}
