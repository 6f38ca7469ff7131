/**
 * The kinds of columns that a schema is made of.
 *
 * Owns: `t`, and per kind what is taken from outside (`In`), what it becomes (`Out`) and the words for what does not fit.
 */
import type { SchemaField } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import {
  defineAnyField,
  defineField,
  type Field,
  fieldColumn,
  type FieldIn,
  type FieldOut,
  fieldReader,
  type FieldReader,
  type Fields,
  type TextScan,
} from './field.ts';
import { isoMsOf } from './iso-time.ts';
import { type Issue, Misfit, wanted } from './misfit.ts';
import { structReader } from './struct-reader.ts';
import { timePattern } from './time-pattern.ts';
import { timestampMs, type EventTime, type Timestamp, type TimestampInput } from './values.ts';

/** An intersection, shown as one object type. */
export type Show<T> = { [K in keyof T]: T[K] } & {};
type OptionalKeys<F extends Fields> = { [K in keyof F]: undefined extends FieldIn<F[K]> ? K : never }[keyof F];
export type SchemaIn<F extends Fields> = Show<
  { -readonly [K in Exclude<keyof F, OptionalKeys<F>>]: FieldIn<F[K]> } & { -readonly [K in OptionalKeys<F>]?: FieldIn<F[K]> }
>;
export type SchemaOut<F extends Fields> = Show<{ -readonly [K in keyof F]: FieldOut<F[K]> }>;

const readString: FieldReader = (value) => {
  if (typeof value !== 'string') throw wanted('a string', value);
  return value;
};
const readNumber: FieldReader = (value) => {
  if (typeof value !== 'number') throw wanted('a number', value);
  return value;
};
const readInt: FieldReader = (value) => {
  if (!Number.isSafeInteger(value)) throw wanted('a whole number within ±2^53', value);
  return value;
};
const readBoolean: FieldReader = (value) => {
  if (typeof value !== 'boolean') throw wanted('true or false', value);
  return value;
};
const readBytes: FieldReader = (value) => {
  if (!(value instanceof Uint8Array)) throw wanted('bytes', value);
  return value;
};
const readTimestamp: FieldReader = (value) => {
  const ms = timestampMs(value);
  if (Number.isNaN(ms)) throw wanted('a time (whole milliseconds, a Date or ISO 8601 text)', value);
  return ms;
};

/** As `2024-05-01T12:30:15.250Z`, which most are. */
const isoScan: TextScan = { ms: isoMsOf, plain: true, numbers: true };

function timestampOf(pattern: string, options: { readonly zone?: string } = {}): Field<string, Timestamp> {
  const parse = timePattern(pattern, options.zone);
  const read: FieldReader = (value) => {
    const ms = typeof value === 'string' ? parse.text(value) : Number.NaN;
    if (Number.isNaN(ms)) throw wanted(`a time like '${pattern}'`, value);
    return ms;
  };
  return defineField({ kind: 'timestamp' }, read, { scan: { ms: parse.bytes, plain: parse.plain, numbers: false } });
}

function oneOf<const V extends readonly string[]>(...values: V): Field<V[number], V[number]> {
  if (values.length === 0) throw new WeirError('E_SCHEMA', 't.oneOf() needs at least one value');
  const known = new Set<unknown>(values);
  return defineField({ kind: 'string', values }, (value) => {
    if (!known.has(value)) throw wanted(`one of ${values.map((one) => `'${one}'`).join(', ')}`, value);
    return value;
  });
}

function list<I, O>(of: Field<I, O>): Field<readonly I[], readonly O[]> {
  const { type, nullable } = fieldColumn('of', of);
  const read = fieldReader(of, 't.list()');
  return defineField({ kind: 'list', of: { type, nullable } }, (value) => {
    if (!Array.isArray(value)) throw wanted('an array', value);
    return readItems(value, read);
  });
}

function readItems(values: readonly unknown[], read: FieldReader): unknown[] {
  const issues: Issue[] = [];
  const items: unknown[] = [];
  for (let i = 0; i < values.length; i++) {
    try {
      items.push(read(values[i]));
    } catch (thrown) {
      issues.push(...Misfit.under(i, thrown));
    }
  }
  if (issues.length > 0) throw new Misfit(issues);
  return items;
}

function struct<const F extends Fields>(fields: F): Field<SchemaIn<F>, SchemaOut<F>> {
  const columns = columnsOfFields(fields, 't.struct()');
  return defineField({ kind: 'struct', fields: columns }, fieldsReader(fields), { inside: fields });
}

/** The columns of several named fields. @throws WeirError `E_SCHEMA` for no fields, or the name `__proto__` (B1) */
export function columnsOfFields(fields: Fields, where: string): readonly SchemaField[] {
  const names = Object.keys(fields);
  if (names.length === 0) throw new WeirError('E_SCHEMA', `${where} has no fields`);
  if (names.includes('__proto__')) throw new WeirError('E_SCHEMA', `${where}: a field cannot be named __proto__`);
  return names.map((name) => fieldColumn(name, fields[name]!));
}

/** Reads an object that has these fields. */
export function fieldsReader(fields: Fields): (value: unknown) => object {
  const names = Object.keys(fields);
  return structReader(
    names,
    names.map((name) => fieldReader(fields[name]!, `'${name}'`)),
  );
}

/** The kinds of columns. All but `any` and what is `nullable()` refuse null. */
export const t: {
  readonly string: Field<string, string>;
  /** IEEE double. */
  readonly number: Field<number, number>;
  /** 64-bit integer, read as a number; one beyond 2^53 is an error, not another number. */
  readonly int: Field<number, number>;
  readonly boolean: Field<boolean, boolean>;
  readonly timestamp: Field<TimestampInput, Timestamp>;
  readonly bytes: Field<Uint8Array, Uint8Array>;
  /** For what an operator emits: a time that is never behind the watermark (checked as rows pass; a row that breaks it is late). */
  readonly eventTime: Field<TimestampInput, EventTime>;
  /** Text times in another shape, as in `t.timestampOf('yyyy/MM/dd HH:mm')`; UTC unless a zone is named. */
  timestampOf(pattern: string, options?: { readonly zone?: string }): Field<string, Timestamp>;
  oneOf<const V extends readonly string[]>(...values: V): Field<V[number], V[number]>;
  list<I, O>(of: Field<I, O>): Field<readonly I[], readonly O[]>;
  struct<const F extends Fields>(fields: F): Field<SchemaIn<F>, SchemaOut<F>>;
  /** Any serializable value, unchecked: kept as it is, not as a column of its own kind. */
  any<T = unknown>(): Field<T, T>;
} = {
  string: defineField({ kind: 'string' }, readString),
  number: defineField({ kind: 'float64' }, readNumber),
  int: defineField({ kind: 'int64' }, readInt),
  boolean: defineField({ kind: 'bool' }, readBoolean),
  timestamp: defineField({ kind: 'timestamp' }, readTimestamp, { scan: isoScan }),
  bytes: defineField({ kind: 'bytes' }, readBytes),
  eventTime: defineField({ kind: 'timestamp', eventTime: true }, readTimestamp, { scan: isoScan }),
  timestampOf,
  oneOf,
  list,
  struct,
  any: defineAnyField,
};
