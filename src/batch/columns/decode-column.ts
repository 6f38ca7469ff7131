import { type BufferSource, type ColumnForm, damaged } from '../buffers.ts';
import type { Column } from '../column.ts';
import type { DataType } from '../schema.ts';
import { AnyColumn } from './any.ts';
import { BoolColumn } from './bool.ts';
import { BytesColumn } from './bytes.ts';
import { Float64Column } from './float64.ts';
import { Int64Column } from './int64.ts';
import { ListColumn } from './list.ts';
import { EncodedStringColumn } from './encoded-string.ts';
import { StructColumn } from './struct.ts';

/**
 * The other half of `Column.encode`: views of the message's buffers; text and values stay encoded until they are read.
 *
 * @throws WeirError `E_CHANNEL` if a buffer does not fit
 */
export function decodeColumn(type: DataType, form: ColumnForm, length: number, source: BufferSource): Column {
  if (typeof form !== 'object' || form === null || !Array.isArray(form.b)) throw damaged('a column has no form');
  switch (type.kind) {
    case 'float64':
    case 'timestamp':
      return Float64Column.decode(type, form, length, source);
    case 'int64':
      return Int64Column.decode(form, length, source);
    case 'bool':
      return BoolColumn.decode(form, length, source);
    case 'string':
      return EncodedStringColumn.decode(type, form, length, source);
    case 'bytes':
      return BytesColumn.decode(form, length, source);
    case 'list': {
      const offsets = source.offsets(form.b[0], length);
      const elements = decodeColumn(type.of.type, childForm(form, 0), offsets[length]!, source);
      return new ListColumn(type, offsets, elements, source.nulls(form, length));
    }
    case 'struct': {
      const children = type.fields.map((field, i) => decodeColumn(field.type, childForm(form, i), length, source));
      return new StructColumn(type, length, children, source.nulls(form, length));
    }
    case 'any':
      return AnyColumn.decode(form, length, source);
  }
}

function childForm(form: ColumnForm, index: number): ColumnForm {
  const child = form.c?.[index];
  if (child === undefined) throw damaged('a column inside another is missing');
  return child;
}
