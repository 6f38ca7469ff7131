/**
 * Rows as lines of JSON, straight from columns into bytes: what `jsonText` gives, without an object of each row between.
 *
 * Owns: what is written of a batch. Rows without a schema are objects anyway, and are written as such (json-lines.ts).
 * Invariants: LW1 the bytes of a row are those of `jsonText(row)`; LW2 of a row that it refuses there are none.
 */
import type { Batch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { JsonLines } from './json-lines.ts';
import { type Cell, objectCell } from './json-write/cells.ts';
import { LineBytes } from './json-write/line-bytes.ts';
import type { RowWriter, WrittenRows } from './row-writer.ts';

const lineFeed = 10;

export class JsonRows implements RowWriter {
  readonly #out = new LineBytes();
  readonly #objects = new JsonLines(this.#out);

  write(batch: Batch): WrittenRows {
    const out = this.#out;
    const { length } = batch;
    const starts = new Uint32Array(length);
    const ends = new Uint32Array(length);
    const add = this.#adder(batch);
    out.truncate(0); // of a batch that was not written to its end
    for (let i = 0; i < length; i++) {
      const start = out.length;
      starts[i] = start;
      try {
        add(batch.physical(i));
        ends[i] = out.length;
        out.byte(lineFeed);
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        out.truncate(start); // refused: whoever wants the row is told why by `encode`
        ends[i] = start;
      }
    }
    return { bytes: out.take(), starts, ends };
  }

  #adder(batch: Batch): Cell {
    const { schema, columns } = batch;
    if (schema.kind === 'columns') return objectCell(schema.fields, columns, this.#out, []);
    return (row) => this.#objects.add(columns[0]!.get(row) as object);
  }
}
