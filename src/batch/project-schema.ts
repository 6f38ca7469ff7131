import { WeirError } from '../core/index.ts';
import type { BatchSchema, SchemaField } from './schema.ts';

/** A column, or a field in structs of it: `['bid', 'price']`. */
export type ColumnPath = readonly [string, ...string[]];

/**
 * The schema of only these columns and fields, in the order in which they stand in it. A struct of which some fields are left is null
 * where it was.
 *
 * @throws WeirError `E_SCHEMA` for a path that leads nowhere; a schema of kind `any` has none
 */
export function projectSchema(schema: BatchSchema, paths: readonly ColumnPath[]): BatchSchema {
  if (schema.kind === 'columns') return { kind: 'columns', fields: projectFields(schema.fields, paths, '') };
  if (paths.length === 0) return schema;
  throw new WeirError('E_SCHEMA', `rows without a schema have no column ${JSON.stringify(paths[0]!.join('.'))}`);
}

function projectFields(fields: readonly SchemaField[], paths: readonly ColumnPath[], within: string): readonly SchemaField[] {
  const lost = paths.find(([name]) => !fields.some((field) => field.name === name));
  if (lost !== undefined)
    throw new WeirError('E_SCHEMA', `there is no column ${JSON.stringify(`${within}${lost.join('.')}`)} to read`);
  return fields.flatMap((field) => {
    const wanted = paths.filter(([name]) => name === field.name);
    return wanted.length === 0 ? [] : [projectField(field, wanted, `${within}${field.name}.`)];
  });
}

function projectField(field: SchemaField, paths: readonly ColumnPath[], within: string): SchemaField {
  if (paths.some(({ length }) => length === 1)) return field;
  const inner = paths.map(([, ...rest]) => rest as unknown as ColumnPath);
  const fields = projectFields(field.type.kind === 'struct' ? field.type.fields : [], inner, within);
  return { ...field, type: { kind: 'struct', fields } };
}
