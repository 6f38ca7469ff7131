/** A source of several splits in memory, that gives its rows in pieces of random length, when it likes. */
import { type Stream, streamOf } from '../../src/api/index.ts';
import { BatchBuilder, type BatchSchema } from '../../src/batch/index.ts';
import { type Random, WeirError } from '../../src/core/index.ts';
import type { SourceContext, SourceDefinition, SplitReader } from '../../src/operators/index.ts';

export interface SplitSourceOptions<Row extends object> {
  readonly name: string;
  readonly schema: BatchSchema;
  readonly splits: readonly (readonly Row[])[];
  readonly random: Random;
  /** A few times for each piece (a turn of the event loop). */
  readonly pause?: () => Promise<void>;
  /** Of a split of so many rows, those that are there. */
  readonly there?: (length: number) => number;
  /** Chance that a read fails. */
  readonly failing?: () => boolean;
}

/** Which rows there are, and in which order within their split, does not depend on the pieces. */
export function splitSource<Row extends object>(options: SplitSourceOptions<Row>): Stream<Row> {
  const { name, schema, splits, there } = options;
  const definition: SourceDefinition = {
    type: 'source',
    name,
    guarantee: 'exactly-once',
    schema,
    identity: name,
    bounded: true,
    splits: async () => splits.map((_, i) => `s${i}`),
    ...(there === undefined ? {} : { endNow: async (split) => there(rowsOf(options, split).length) }),
    open: async (split, from, records, context) =>
      new Reader(options, split, (from as number | undefined) ?? 0, records, context),
  };
  return streamOf<Row>({ kind: 'source', source: definition, site: '', schema });
}

const rowsOf = <Row extends object>({ splits }: SplitSourceOptions<Row>, split: string): readonly Row[] =>
  splits[Number(split.slice(1))]!;

class Reader<Row extends object> implements SplitReader {
  readonly #options: SplitSourceOptions<Row>;
  readonly #split: string;
  readonly #rows: readonly Row[];
  readonly #context: SourceContext;
  #next: number;
  #record: number;

  constructor(options: SplitSourceOptions<Row>, split: string, next: number, record: number, context: SourceContext) {
    this.#options = options;
    this.#split = split;
    this.#rows = rowsOf(options, split).slice(0, context.until as number | undefined);
    this.#next = next;
    this.#record = record;
    this.#context = context;
  }

  async read(): ReturnType<SplitReader['read']> {
    const { random, schema, name, failing, pause = turn } = this.#options;
    const { signal } = this.#context;
    for (let turns = Math.floor(random.next() * 10); turns > 0 && !signal.aborted; turns--) await pause();
    if (signal.aborted) throw signal.reason;
    if (failing?.() === true) throw new WeirError('E_SOURCE', `${name} ${this.#split} cannot be read at ${this.#next}`);
    if (this.#next >= this.#rows.length) return null;
    const piece = this.#rows.slice(this.#next, this.#next + 1 + Math.floor(random.next() * 6));
    const builder = new BatchBuilder(schema);
    for (const row of piece) builder.append(row);
    const batch = builder.build({ origin: { split: this.#split, first: this.#record } });
    this.#next += piece.length;
    this.#record += piece.length;
    return { batch, dead: [], records: piece.length, position: this.#next };
  }

  async close(): Promise<void> {}
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
