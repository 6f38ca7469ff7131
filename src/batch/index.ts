export { type Batch, type Origin, rowKind, type SystemColumns, takesBack } from './batch.ts';
export { BatchBuilder, batchOf } from './builder.ts';
export { ByteReader } from './byte-reader.ts';
export { ByteWriter } from './byte-writer.ts';
export { decodeBatch, encodeBatch } from './codec.ts';
export type { Column, ColumnBuilder } from './column.ts';
export { ColumnarBatch } from './columnar-batch.ts';
export {
  AnyColumn,
  BoolBuilder,
  BoolColumn,
  builderOf,
  BytesColumn,
  EncodedStringColumn,
  Float64Builder,
  Float64Column,
  Int64Builder,
  Int64Column,
  ListColumn,
  NullsBuilder,
  StringBuilder,
  StringColumn,
  StructBuilder,
  StructColumn,
} from './columns/index.ts';
export { type FieldCodec, fieldCodec, rowCodec } from './field-codec.ts';
export { KeyBytes } from './key-bytes.ts';
export { hashBytes, hashKey, keyGroupOf, keyHashVersion } from './key-hash.ts';
export { keyOf, keyOfOne, keyValues } from './keys.ts';
export { copyBytes, Memory } from './memory.ts';
export { schemaWithOps, withOps } from './ops.ts';
export { type ColumnPath, projectSchema } from './project-schema.ts';
export { packValue, unpackValue } from './packed-value.ts';
export {
  anySchema,
  batchSchema,
  type BatchSchema,
  columnIndex,
  type DataType,
  fieldOf,
  isWindow,
  type FieldType,
  type SchemaField,
  schemaId,
  typeId,
} from './schema.ts';
export { describeValue, valueError } from './value-error.ts';
export { TextArena } from './text-arena.ts';
export { bufferOver, latin1Slice, type TextBytes } from './text.ts';
export { latin1Text } from './text-cache.ts';
