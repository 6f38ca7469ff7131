import type { ColumnBuilder } from '../column.ts';
import type { FieldType } from '../schema.ts';
import type { TextArena } from '../text-arena.ts';
import { AnyBuilder } from './any.ts';
import { BoolBuilder } from './bool.ts';
import { BytesBuilder } from './bytes.ts';
import { Float64Builder } from './float64.ts';
import { Int64Builder } from './int64.ts';
import { ListBuilder } from './list.ts';
import { StringBuilder } from './string-builder.ts';
import { StructBuilder } from './struct.ts';

/** A builder for columns of this type; `where` is how errors name the column, `arena` where texts may be put as bytes. */
export function builderOf({ type, nullable }: FieldType, where: string, arena?: TextArena): ColumnBuilder {
  switch (type.kind) {
    case 'float64':
    case 'timestamp':
      return new Float64Builder(type, nullable, where);
    case 'int64':
      return new Int64Builder(nullable, where);
    case 'bool':
      return new BoolBuilder(nullable, where);
    case 'string':
      return new StringBuilder(type, nullable, where, arena);
    case 'bytes':
      return new BytesBuilder(nullable, where);
    case 'list':
      return new ListBuilder(type, builderOf(type.of, `${where}, an element`), nullable, where);
    case 'struct': {
      const children = type.fields.map((field) => builderOf(field, `${where}, field ${JSON.stringify(field.name)}`, arena));
      return new StructBuilder(type, children, nullable, where);
    }
    case 'any':
      return new AnyBuilder(nullable, where);
  }
}
