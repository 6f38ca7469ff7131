import { Buffer } from 'node:buffer';
import type { Batch } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { FormatDefinition } from './format.ts';

const newline = 10;

/**
 * The rows of a batch as lines, each with its end.
 *
 * @throws WeirError `E_VALUE` for a row that the format cannot hold, or that would be more than one line
 */
export function linesOf(batch: Batch, format: FormatDefinition): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < batch.length; i++) {
    const record = format.encode(batch.row(i));
    if (format.name !== 'json' && record.includes(newline)) {
      throw new WeirError('E_VALUE', `${format.name} writes a record as a line, and this one holds a line break`, {
        hint: 'write it as json()',
      });
    }
    parts.push(record, lineEnd);
  }
  return Buffer.concat(parts);
}

const lineEnd = Buffer.from('\n');
