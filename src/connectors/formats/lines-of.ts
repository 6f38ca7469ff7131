import { Buffer } from 'node:buffer';
import { inspect } from 'node:util';
import type { Batch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { FormatDefinition } from './format.ts';
import type { LineWriter } from './line-writer.ts';

const newline = 10;
/** Of a row, in a message. */
const rowCharsMax = 200;

/**
 * The rows of a batch as lines, each with its end.
 *
 * @throws WeirError `E_VALUE` for a row that the format cannot hold, or that would be more than one line
 */
export function linesOf(batch: Batch, format: FormatDefinition): Uint8Array {
  const writer = writerOf(format);
  if (writer !== undefined) {
    writer.begin();
    const add = (row: object): void => writer.add(row);
    for (let i = 0; i < batch.length; i++) inRow(batch, i, add);
    return writer.take();
  }
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

/** A memo, not state: a writer knows nothing from one batch to the next. */
const writers = new WeakMap<FormatDefinition, LineWriter>();

function writerOf(format: FormatDefinition): LineWriter | undefined {
  const known = writers.get(format);
  if (known !== undefined || format.lineWriter === undefined) return known;
  const writer = format.lineWriter();
  writers.set(format, writer);
  return writer;
}

const lineEnd = Buffer.from('\n');

/** One row as the format writes it. @throws WeirError `E_VALUE` saying which row the format cannot hold */
export function encodedRow(batch: Batch, index: number, format: FormatDefinition): Uint8Array {
  return inRow(batch, index, format.encode);
}

/** The same as text, of a format that has one. */
export function encodedText(batch: Batch, index: number, text: NonNullable<FormatDefinition['text']>): string {
  return inRow(batch, index, text);
}

function inRow<T>(batch: Batch, index: number, encode: (row: object) => T): T {
  const row = batch.row(index);
  try {
    return encode(row);
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
