import { Buffer } from 'node:buffer';
import { inspect } from 'node:util';
import type { Batch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { type SetAside, setAside } from '../set-aside.ts';
import type { FormatDefinition } from './format.ts';
import type { RowWriter, WrittenRows } from './row-writer.ts';

const newline = 10;
/** Of a row, in a message. */
const rowCharsMax = 200;

/**
 * The rows of a batch as lines, each with its end.
 *
 * @param refused told of a row that the format cannot hold, or that would be more than one line: it is left out
 * @throws WeirError `E_VALUE` for such a row, where nobody is told
 */
export function linesOf(batch: Batch, format: FormatDefinition, refused?: SetAside): Uint8Array {
  const written = writtenRows(batch, format);
  if (written === null) return encodedLines(batch, format, refused);
  const { starts, ends, bytes } = written;
  for (let i = 0; i < batch.length; i++) if (starts[i] === ends[i]) setAside(refused, batch, i, whyRefused(batch, i, format));
  return bytes;
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

function encodedLines(batch: Batch, format: FormatDefinition, refused: SetAside): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < batch.length; i++) {
    try {
      const record = encodedRow(batch, i, format);
      if (record.includes(newline)) throw brokenLine(batch, i, format);
      parts.push(record, lineEnd);
    } catch (error) {
      setAside(refused, batch, i, error);
    }
  }
  return Buffer.concat(parts);
}

function brokenLine(batch: Batch, i: number, { name }: FormatDefinition): WeirError {
  return new WeirError('E_VALUE', `${name} writes a record as a line, and this one holds a line break; ${rowText(batch, i)}`, {
    hint: 'write it as json()',
  });
}

/** Of a row that was not written. */
function whyRefused(batch: Batch, i: number, format: FormatDefinition): unknown {
  try {
    encodedRow(batch, i, format);
  } catch (error) {
    return error;
  }
  return new WeirError('E_INTERNAL', `${format.name} did not write a row that it can; ${rowText(batch, i)}`);
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
