/** The columns of rows, for the compiler, for the engine, and for whoever speaks Standard Schema. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SchemaField } from '../batch/index.ts';
import { columnsOfFields, fieldsReader, type SchemaIn, type SchemaOut } from './fields.ts';
import type { Fields } from './field.ts';
import { Misfit } from './misfit.ts';

/** A row's columns; also a Standard Schema, so it validates elsewhere too. */
export interface Schema<In = any, Out = In> extends StandardSchemaV1<In, Out> {
  readonly fields: Fields;
}
/** Ours, or any Standard Schema (zod, valibot, arktype). With ours rows become typed columns. */
export type AnySchema<In = any, Out = any> = StandardSchemaV1<In, Out>;
export type RowOf<S extends AnySchema> = StandardSchemaV1.InferOutput<S>;
export type InputOf<S extends AnySchema> = StandardSchemaV1.InferInput<S>;

/** What a schema is at run time. */
export class ColumnSchema implements Schema {
  readonly fields: Fields;
  /** In the order in which they were declared. */
  readonly columns: readonly SchemaField[];
  /** A fresh row from a value of the outside; throws `Misfit`. */
  readonly read: (value: unknown) => object;

  constructor(fields: Fields) {
    this.fields = fields;
    this.columns = columnsOfFields(fields, 'schema()');
    this.read = fieldsReader(fields);
  }

  get '~standard'(): StandardSchemaV1.Props<any, any> {
    return { version: 1, vendor: 'weir', validate: (value) => this.#validate(value) };
  }

  #validate(value: unknown): StandardSchemaV1.Result<any> {
    try {
      return { value: this.read(value) };
    } catch (thrown) {
      if (!(thrown instanceof Misfit)) throw thrown;
      return { issues: thrown.issues };
    }
  }
}

/**
 * Declares the columns of rows.
 *
 * @throws WeirError `E_SCHEMA` if there are none, or one is not a field
 * @example const Reading = schema({ deviceId: t.string, temperature: t.number.nullable(), at: t.timestamp });
 */
export function schema<const F extends Fields>(fields: F): Schema<SchemaIn<F>, SchemaOut<F>> {
  return new ColumnSchema(fields);
}
