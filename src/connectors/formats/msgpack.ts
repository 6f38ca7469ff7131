import { type AnySchema, type Format, type RowOf, rowSchema } from '../../api/index.ts';
import { packValue, unpackValue } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { asFormat } from './format.ts';
import { notTooDeep } from './nesting.ts';

/** Each record is one msgpack map. Its bytes may hold line breaks, so files and sockets do not take it. */
export function msgpack<S extends AnySchema<any, object>>(schema: S): Format<RowOf<S>> {
  const rows = rowSchema(schema);
  return asFormat({
    type: 'format',
    name: 'msgpack',
    schema: rows.schema,
    framing: 'whole',
    blankLines: 'record',
    extension: 'msgpack',
    decode: (record) => rows.parse(notTooDeep(unpacked(record))),
    encode: (row) => packValue(row),
  });
}

function unpacked(record: Uint8Array): unknown {
  try {
    return unpackValue(record);
  } catch (cause) {
    throw new WeirError('E_RECORD', 'the record is not msgpack', { cause });
  }
}
