import { asSource, type Source } from '../../api/index.ts';
import { anySchema } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { Piece, SourceContext, SplitReader } from '../../operators/index.ts';
import { Pacer, PieceBuilder } from '../records/index.ts';

export interface GeneratorOptions<Row> {
  /** 0 = as fast as it goes. */
  readonly rowsPerSecond: number;
  /** How many in all; without, rows come for ever. */
  readonly rows?: number;
  /** A pure function of the index, which counts from 0. */
  readonly row: (index: number) => Row;
}

/**
 * Rows made by a function of their number. The position is that number, so a restored job goes on with the next one.
 *
 * @throws WeirError `E_PLAN` for a rate or a number of rows that is none
 */
export function generatorSource<Row extends object>(options: GeneratorOptions<Row>): Source<Row> {
  const { rowsPerSecond, rows = Number.POSITIVE_INFINITY, row } = options;
  if (!(rowsPerSecond >= 0) || rowsPerSecond === Number.POSITIVE_INFINITY)
    throw new WeirError('E_PLAN', `generator.source(): ${rowsPerSecond} is no number of rows a second`);
  if (!(rows >= 0) || (rows !== Number.POSITIVE_INFINITY && !Number.isSafeInteger(rows)))
    throw new WeirError('E_PLAN', `generator.source(): ${rows} is no number of rows`);
  if (typeof row !== 'function') throw new WeirError('E_PLAN', 'generator.source() needs `row`, a function of the index');
  return asSource<Row>({
    type: 'source',
    name: 'generator',
    guarantee: 'exactly-once',
    schema: anySchema,
    identity: 'generator',
    bounded: rows !== Number.POSITIVE_INFINITY,
    ...(rows === Number.POSITIVE_INFINITY ? { endless: 'it has no number of `rows`' } : {}),
    splits: async () => ['0'],
    open: async (split, from, records, context) =>
      new GeneratorReader(row, rows, rowsPerSecond, split, (from as number | undefined) ?? 0, records, context),
  });
}

class GeneratorReader implements SplitReader {
  readonly #row: (index: number) => object;
  readonly #rows: number;
  readonly #context: SourceContext;
  readonly #pacer: Pacer;
  readonly #pieces: PieceBuilder;
  #index: number;

  constructor(
    row: (index: number) => object,
    rows: number,
    rate: number,
    split: string,
    index: number,
    records: number,
    context: SourceContext,
  ) {
    this.#row = row;
    this.#rows = rows;
    this.#context = context;
    this.#pacer = new Pacer(rate, context.clock, context.signal);
    this.#pieces = new PieceBuilder(anySchema, split, context.operator, records);
    this.#index = index;
  }

  async read(): Promise<Piece | null> {
    this.#context.signal.throwIfAborted();
    if (this.#index >= this.#rows) return null;
    const most = await this.#pacer.admit(Math.min(this.#context.batchRowsMax, this.#rows - this.#index));
    for (let i = 0; i < most; i++) this.#pieces.addRow(this.#make(this.#index++));
    return this.#pieces.take(this.#index);
  }

  async close(): Promise<void> {}

  #make(index: number): object {
    try {
      return this.#row(index);
    } catch (error) {
      throw WeirError.from(error, 'E_CLOSURE', `generator.source(): row(${index})`);
    }
  }
}
