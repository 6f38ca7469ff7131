/**
 * A source whose rows a test pushes by hand.
 *
 * Owns: the rows pushed so far; they are the outside world, so they survive a crash of the job, which reads again from its
 * position. Invariants: TS1 the same position gives the same rows again.
 */
import {
  type AnySchema,
  asSource,
  type InputOf,
  type RowOf,
  rowSchema,
  type Source,
  timestamp,
  type TimestampInput,
} from '../api/index.ts';
import { BatchBuilder, type BatchSchema } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { Piece, SourceContext, SourceDefinition, SplitReader } from '../operators/index.ts';

/** Rows by hand, typed by the schema's input side: times may be ISO strings. */
export interface TestSource<In, Row extends object> extends Source<Row> {
  /** @throws WeirError `E_RECORD` for a row that does not fit the schema */
  push(...rows: In[]): void;
  /** Raises the watermark to `to` without a row. */
  watermark(to: TimestampInput): void;
  /** No more rows: everything closes. */
  end(): void;
}

type Entry =
  | { readonly kind: 'row'; readonly row: object }
  | { readonly kind: 'watermark'; readonly watermark: number }
  | { readonly kind: 'end' };

const split = '0';

export function testSource<S extends AnySchema<any, object>>(schema: S): TestSource<InputOf<S>, RowOf<S> & object> {
  const rows = rowSchema(schema);
  const log = new TestLog(rows.schema);
  const definition: SourceDefinition & Omit<TestSource<InputOf<S>, object>, keyof Source<object>> = {
    type: 'source',
    name: 'test source',
    guarantee: 'exactly-once',
    schema: rows.schema,
    identity: 'test source',
    bounded: false,
    splits: async () => [split],
    open: async (_split, from, records, context) => log.reader((from as number | undefined) ?? 0, records, context),
    push: (...pushed) => log.add(pushed.map((value) => ({ kind: 'row', row: rows.parse(value) }))),
    watermark: (to) => log.add([{ kind: 'watermark', watermark: timestamp(to) }]),
    end: () => log.add([{ kind: 'end' }]),
  };
  return Object.assign(asSource<RowOf<S> & object>(definition), { [testLog]: log }) as unknown as TestSource<
    InputOf<S>,
    RowOf<S> & object
  >;
}

const testLog: unique symbol = Symbol('weir.testing.log');

/** The log of a source, if it is a test source. */
export function testLogOf(source: unknown): TestLog | undefined {
  return (source as { readonly [testLog]?: TestLog })[testLog];
}

export class TestLog {
  readonly #schema: BatchSchema;
  readonly #entries: Entry[] = [];
  #wake: (() => void) | null = null;
  #delivered = 0;

  constructor(schema: BatchSchema) {
    this.#schema = schema;
  }

  /** A reader waits, and has been given everything. */
  get drained(): boolean {
    return this.#delivered === this.#entries.length;
  }

  add(entries: readonly Entry[]): void {
    if (this.#entries.at(-1)?.kind === 'end')
      throw new WeirError('E_USAGE', 'the test source has ended: nothing can be pushed any more');
    this.#entries.push(...entries);
    this.#wake?.();
  }

  reader(from: number, records: number, context: SourceContext): SplitReader {
    let next = from;
    let record = records;
    this.#delivered = from;
    context.signal.addEventListener('abort', () => this.#wake?.());
    return {
      read: async () => {
        while (next >= this.#entries.length && !context.signal.aborted)
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        if (context.signal.aborted) throw context.signal.reason;
        const piece = this.#piece(next, record, context.batchRowsMax);
        if (piece === null) {
          this.#delivered = this.#entries.length;
          return null;
        }
        next = piece.position as number;
        record += piece.records;
        this.#delivered = next;
        return piece;
      },
      close: async () => {},
    };
  }

  /** Rows up to the next watermark or end, or the watermark itself. */
  #piece(from: number, record: number, rowsMax: number): Piece | null {
    const first = this.#entries[from]!;
    if (first.kind === 'end') return null;
    if (first.kind === 'watermark') return { batch: null, dead: [], records: 0, position: from + 1, watermark: first.watermark };
    const builder = new BatchBuilder(this.#schema);
    let next = from;
    for (let entry = this.#entries[next]; entry?.kind === 'row' && builder.length < rowsMax; entry = this.#entries[++next])
      builder.append(entry.row);
    return { batch: builder.build({ origin: { split, first: record } }), dead: [], records: next - from, position: next };
  }
}
