/**
 * Values of one type, and whole rows, as compact bytes: for state. No names and no types are written: the reader must
 * have the same schema, which `schemaId` tells.
 */
import { WeirError } from '../core/index.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { propertyReader } from './property.ts';
import type { BatchSchema, DataType, FieldType, SchemaField } from './schema.ts';
import { valueError } from './value-error.ts';

export interface FieldCodec<V = unknown> {
  /** @throws WeirError `E_VALUE` if the type cannot hold the value */
  write(out: ByteWriter, value: V): void;
  /** @throws WeirError `E_STATE_DAMAGED` if the bytes end early or make no sense */
  read(from: ByteReader): V;
}

/** The codec of one field. Nullable ones cost a byte more; undefined is written as null. */
export function fieldCodec(field: FieldType): FieldCodec {
  const inner = typeCodec(field.type);
  if (!field.nullable) return inner;
  return {
    write(out, value) {
      const isNull = value === null || value === undefined;
      out.u8(isNull ? 0 : 1);
      if (!isNull) inner.write(out, value);
    },
    read: (from) => (readFlag(from) ? inner.read(from) : null),
  };
}

/** The codec of whole rows: of plain objects in the order of the fields, or of any value where there is no schema. */
export function rowCodec(schema: BatchSchema): FieldCodec<object> {
  if (schema.kind === 'any') return { write: (out, row) => out.value(row), read: (from) => from.value() as object };
  return structCodec(schema.fields) as FieldCodec<object>;
}

function typeCodec(type: DataType): FieldCodec {
  switch (type.kind) {
    case 'float64':
      return { write: (out, value) => out.f64(expect(value, 'number', 'a float64')), read: (from) => from.f64() };
    case 'int64':
    case 'timestamp':
      return { write: (out, value) => out.int(integer(value, type.kind)), read: (from) => from.int() };
    case 'bool':
      return { write: (out, value) => out.u8(expect(value, 'boolean', 'a bool') ? 1 : 0), read: readFlag };
    case 'string':
      return { write: (out, value) => out.string(expect(value, 'string', 'a string')), read: (from) => from.string() };
    case 'bytes':
      return { write: (out, value) => out.bytes(byteString(value)), read: (from) => from.bytes() };
    case 'list':
      return listCodec(type.of);
    case 'struct':
      return structCodec(type.fields);
    case 'any':
      return { write: (out, value) => out.value(value), read: (from) => from.value() };
  }
}

function listCodec(of: FieldType): FieldCodec {
  const inner = fieldCodec(of);
  return {
    write(out, value) {
      if (!Array.isArray(value)) throw valueError('a value to keep', 'an array', value);
      out.varint(value.length);
      for (const element of value) inner.write(out, element);
    },
    read(from) {
      const length = from.varint();
      if (length > from.remaining)
        throw new WeirError('E_STATE_DAMAGED', `encoded bytes are damaged: a list of ${length} is longer than they are`);
      const values: unknown[] = [];
      for (let i = 0; i < length; i++) values.push(inner.read(from));
      return values;
    },
  };
}

function structCodec(fields: readonly SchemaField[]): FieldCodec {
  // Every value takes a byte at least: so a list can hold no more of them than there are bytes left.
  if (fields.length === 0) return emptyStruct;
  const parts = fields.map((field) => ({ name: field.name, get: propertyReader(field.name), codec: fieldCodec(field) }));
  return {
    write(out, value) {
      requireObject(value);
      for (const part of parts) part.codec.write(out, part.get(value));
    },
    read(from) {
      const row: Record<string, unknown> = {};
      for (const part of parts) row[part.name] = part.codec.read(from);
      return row;
    },
  };
}

const emptyStruct: FieldCodec = {
  write(out, value) {
    requireObject(value);
    out.u8(1);
  },
  read(from) {
    readFlag(from);
    return {};
  },
};

function requireObject(value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null) throw valueError('a value to keep', 'an object', value);
}

function readFlag(from: ByteReader): boolean {
  const flag = from.u8();
  if (flag > 1) throw new WeirError('E_STATE_DAMAGED', `encoded bytes are damaged: ${flag} is no flag`);
  return flag === 1;
}

interface Primitives {
  number: number;
  boolean: boolean;
  string: string;
}
function expect<K extends keyof Primitives>(value: unknown, kind: K, expected: string): Primitives[K] {
  if (typeof value !== kind) throw valueError('a value to keep', expected, value);
  return value as Primitives[K];
}

function integer(value: unknown, kind: string): number {
  if (!Number.isSafeInteger(value))
    throw valueError('a value to keep', `${kind === 'int64' ? 'an int64' : 'a timestamp'} within 2^53`, value);
  return value as number;
}

function byteString(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw valueError('a value to keep', 'a Uint8Array', value);
  return value;
}
