/** Any schema as the engine uses it: what the columns are, and how a value of the outside becomes a row. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { anySchema, type BatchSchema, batchSchema } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import { type ReadField, readFields } from './field.ts';
import { type Issue, issuesText, Misfit, shown } from './misfit.ts';
import { type AnySchema, ColumnSchema } from './schema.ts';

export interface RowSchema {
  readonly schema: BatchSchema;
  /**
   * A row from a value that came from outside.
   *
   * @throws WeirError `E_RECORD` naming the path and the reason of everything that does not fit; `E_SCHEMA` if the schema
   * validates asynchronously
   */
  readonly parse: (value: unknown) => object;
  /** Of a schema of columns: how each is read. */
  readonly fields?: readonly ReadField[];
}

/**
 * Typed columns for a schema of ours; for others rows are kept whole, and validated through Standard Schema.
 *
 * @throws WeirError `E_SCHEMA` if it is no schema
 */
export function rowSchema(schema: AnySchema): RowSchema {
  if (schema instanceof ColumnSchema) return ofColumns(schema);
  const standard = standardOf(schema);
  return { schema: anySchema, parse: (value) => validated(standard, value) };
}

/** What a verb's rows are that a closure makes: as a schema says, or kept as they are. Ours needs no check but the columns'. */
export function resultSchema(schema: AnySchema | undefined): {
  readonly schema: BatchSchema;
  readonly validate?: (value: unknown) => object;
} {
  if (schema === undefined) return { schema: anySchema };
  const rows = rowSchema(schema);
  return rows.schema.kind === 'columns' ? { schema: rows.schema } : { schema: rows.schema, validate: rows.parse };
}

function ofColumns({ columns, read, fields }: ColumnSchema): RowSchema {
  return {
    schema: batchSchema(columns),
    fields: readFields(fields),
    parse(value) {
      try {
        return read(value);
      } catch (thrown) {
        if (!(thrown instanceof Misfit)) throw thrown;
        throw misfit(thrown.issues);
      }
    },
  };
}

function standardOf(schema: AnySchema): StandardSchemaV1.Props {
  const standard = (schema as Partial<AnySchema> | null | undefined)?.['~standard'];
  if (standard?.version === 1 && typeof standard.validate === 'function') return standard;
  throw new WeirError('E_SCHEMA', 'this is not a schema', {
    hint: 'give schema({ … }), or a Standard Schema: zod, valibot, arktype',
  });
}

function validated(standard: StandardSchemaV1.Props, value: unknown): object {
  const result = standard.validate(value);
  if (result instanceof Promise) {
    result.catch(() => {}); // it is refused whatever it says
    throw new WeirError(
      'E_SCHEMA',
      `this ${standard.vendor} schema validates asynchronously, and rows are checked synchronously`,
    );
  }
  if (result.issues !== undefined) throw misfit(result.issues.map(issueOf));
  const row: unknown = result.value;
  if (typeof row !== 'object' || row === null)
    throw misfit([{ path: [], message: `a row is an object, and the schema gave ${shown(row)}` }]);
  return row;
}

function issueOf({ message, path = [] }: StandardSchemaV1.Issue): Issue {
  return { message, path: path.map((step) => (typeof step === 'object' ? step.key : step)) };
}

const misfit = (issues: readonly Issue[]): WeirError =>
  new WeirError('E_RECORD', `the record does not fit its schema: ${issuesText(issues)}`);
