import { Buffer } from 'node:buffer';
import { inspect } from 'node:util';
import type { Batch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { FormatDefinition } from './format.ts';
import type { RowWriter, WrittenRows } from './row-writer.ts';

const newline = 10;
/** Of a row, in a message. */
const rowCharsMax = 200;

/**
 * The rows of a batch as lines, each with its end.
 *
 * @throws WeirError `E_VALUE` for a row that the format cannot hold, or that would be more than one line
 */
export function linesOf(batch: Batch, format: FormatDefinition): Uint8Array {
  const written = writtenRows(batch, format);
  if (written === null) return encodedLines(batch, format);
  const refused = written.starts.findIndex((start, i) => start === written.ends[i]);
  if (refused >= 0) encodedRow(batch, refused, format); // throws
  return written.bytes;
}

/** All rows at once, if the format writes them so. Those that it cannot hold are empty; `encodedRow` says why. */
export function writtenRows(batch: Batch, format: FormatDefinition): WrittenRows | null {
  let writer = writers.get(format);
  if (writer === undefined) {
    writer = format.rowWriter?.() ?? null;
    writers.set(format, writer);
  }
  return writer?.write(batch) ?? null;
}

/** A memo, not state: a writer knows nothing from one batch to the next. */
const writers = new WeakMap<FormatDefinition, RowWriter | null>();

function encodedLines(batch: Batch, format: FormatDefinition): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < batch.length; i++) {
    const record = encodedRow(batch, i, format);
    if (record.includes(newline)) {
      throw new WeirError('E_VALUE', `${format.name} writes a record as a line, and this one holds a line break`, {
        hint: 'write it as json()',
      });
    }
    parts.push(record, lineEnd);
  }
  return Buffer.concat(parts);
}

const lineEnd = Buffer.from('\n');

/** One row as the format writes it. @throws WeirError `E_VALUE` saying which row the format cannot hold */
export function encodedRow(batch: Batch, index: number, format: FormatDefinition): Uint8Array {
  const row = batch.row(index);
  try {
    return format.encode(row);
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    const { code, hint, retry } = error;
    throw new WeirError(code, `${error.message}; ${rowText(batch, index, row)}`, { cause: error, hint, retry });
  }
}

/** Which row it is: by the record that it was made from, where that is known, and by what it holds. */
export function rowText(batch: Batch, index: number, row: object = batch.row(index)): string {
  const position = batch.position(index);
  const held = inspect(row, { breakLength: Number.POSITIVE_INFINITY, depth: 2 }).slice(0, rowCharsMax);
  return `the row${position === '' ? '' : ` from ${position}`} is ${held}`;
}
