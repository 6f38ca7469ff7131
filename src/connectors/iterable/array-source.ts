import { asSource, type Source } from '../../api/index.ts';
import { anySchema } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { Piece, SourceContext, SplitReader } from '../../operators/index.ts';
import { PieceBuilder } from '../records/index.ts';

/** The rows of an array, as they are when the source is made. The position is an index: the next process must have the same array. */
export function arraySource<Row extends object>(array: readonly Row[]): Source<Row> {
  const rows = array.slice();
  return asSource<Row>({
    type: 'source',
    name: `array of ${rows.length}`,
    guarantee: 'exactly-once',
    schema: anySchema,
    identity: 'array',
    bounded: true,
    splits: async () => ['0'],
    async open(split, from, records, context) {
      const index = (from as number | undefined) ?? 0;
      if (index > rows.length)
        throw new WeirError('E_SOURCE_CHANGED', `from(array): it has ${rows.length} rows, and ${index} were read`);
      return new ArrayReader(rows, split, index, records, context);
    },
  });
}

class ArrayReader implements SplitReader {
  readonly #rows: readonly object[];
  readonly #context: SourceContext;
  readonly #pieces: PieceBuilder;
  #index: number;

  constructor(rows: readonly object[], split: string, index: number, records: number, context: SourceContext) {
    this.#rows = rows;
    this.#context = context;
    this.#pieces = new PieceBuilder(anySchema, split, context.operator, records);
    this.#index = index;
  }

  async read(): Promise<Piece | null> {
    this.#context.signal.throwIfAborted();
    if (this.#index === this.#rows.length) return null;
    const end = Math.min(this.#rows.length, this.#index + this.#context.batchRowsMax);
    while (this.#index < end) this.#pieces.addRow(this.#rows[this.#index++]!);
    return this.#pieces.take(this.#index);
  }

  async close(): Promise<void> {}
}
