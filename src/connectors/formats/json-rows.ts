/**
 * Rows as lines of JSON, straight from columns into bytes: what `jsonText` gives, without an object of each row between.
 *
 * Owns: what is written of a batch, and the code that was made for shapes of rows. Rows without a schema are objects anyway, and are
 * written as such (json-lines.ts).
 * Invariants: LW1 the bytes of a row are those of `jsonText(row)`; LW2 of a row that it refuses there are none.
 */
import type { Batch } from '../../batch/index.ts';
import { canCompile, WeirError } from '../../core/index.ts';
import { JsonLines } from './json-lines.ts';
import { type Cell, objectCell } from './json-write/cells.ts';
import { LineBytes } from './json-write/line-bytes.ts';
import { layoutOf, type RowCode, rowCode } from './json-write/row-code.ts';
import type { RowWriter, WrittenRows } from './row-writer.ts';

const lineFeed = 10;
/** Shapes that are known at a time. */
const shapesMax = 8;
/** Code pays from so many rows of a shape on. */
const codeFrom = 256;

/** Rows that are alike: how many were written, and the code for the next ones. */
interface Shape {
  rows: number;
  code: RowCode | null;
}

export class JsonRows implements RowWriter {
  readonly #out = new LineBytes();
  readonly #objects = new JsonLines(this.#out);
  readonly #shapes = new Map<string, Shape>();
  readonly #codeFrom: number;

  /** @param codeFromRows code is made of a shape that so many rows have; Infinity: never */
  constructor(codeFromRows: number = canCompile() ? codeFrom : Number.POSITIVE_INFINITY) {
    this.#codeFrom = codeFromRows;
  }

  write(batch: Batch): WrittenRows {
    const out = this.#out;
    const { length, columns, selection = null } = batch;
    const starts = new Uint32Array(length);
    const ends = new Uint32Array(length);
    const code = this.#codeFor(batch);
    out.truncate(0); // of a batch that was not written to its end
    let add: Cell | undefined;
    for (let i = 0; i < length; i++) {
      if (code !== null) i = code(columns, out, selection, i, starts, ends);
      if (i === length) break;
      const start = out.length;
      starts[i] = start;
      try {
        add ??= this.#adder(batch);
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

  #codeFor({ schema, columns, length }: Batch): RowCode | null {
    if (schema.kind !== 'columns') return null;
    const layout = layoutOf(columns);
    if (layout === null) return null;
    const key = JSON.stringify([layout, ...schema.fields.map(({ name }) => name)]);
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      if (this.#shapes.size === shapesMax) this.#shapes.clear();
      this.#shapes.set(key, (shape = { rows: 0, code: null }));
    }
    shape.rows += length;
    if (shape.rows >= this.#codeFrom) shape.code ??= rowCode(schema.fields, layout);
    return shape.code;
  }
}
