import type { Format } from '../../api/index.ts';
import { batchSchema } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { asFormat } from './format.ts';
import { textOf } from './utf8.ts';

/** Each record is its text, as it is; a blank line is a row too. */
export function text(): Format<{ value: string }> {
  return asFormat({
    type: 'format',
    name: 'text',
    schema: batchSchema([{ name: 'value', type: { kind: 'string' }, nullable: false }]),
    framing: 'lines',
    blankLines: 'record',
    extension: 'txt',
    decode: (record) => ({ value: textOf(record) }),
    encode(row) {
      const { value } = row as { value?: unknown };
      if (typeof value !== 'string') throw new WeirError('E_VALUE', 'text() writes rows { value: string }');
      return Buffer.from(value);
    },
  });
}
