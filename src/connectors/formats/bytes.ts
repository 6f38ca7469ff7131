import type { Format } from '../../api/index.ts';
import { batchSchema } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { asFormat } from './format.ts';

/** Each record is its bytes, as they are: of a file or a socket, those of a line without its end. */
export function bytes(): Format<{ value: Uint8Array }> {
  return asFormat({
    type: 'format',
    name: 'bytes',
    schema: batchSchema([{ name: 'value', type: { kind: 'bytes' }, nullable: false }]),
    framing: 'lines',
    blankLines: 'record',
    extension: 'bin',
    decode: (record) => ({ value: new Uint8Array(record) }),
    encode(row) {
      const { value } = row as { value?: unknown };
      if (!(value instanceof Uint8Array)) throw new WeirError('E_VALUE', 'bytes() writes rows { value: Uint8Array }');
      return value;
    },
  });
}
