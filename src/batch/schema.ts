/**
 * What a column can hold, and what a batch's columns are. Plain data: it goes into plans, fingerprints and onto the wire.
 *
 * Invariants: B1 field names are unique, and never `__proto__`.
 */
export type DataType =
  /** IEEE double. `-0` and every NaN are kept as they are in columns. */
  | { readonly kind: 'float64' }
  /** 64-bit integer, stored as such, read as a number: beyond 2^53 is `E_VALUE`, never another number. */
  | { readonly kind: 'int64' }
  /** Integral milliseconds since 1970 UTC. `eventTime`: under a watermark. */
  | { readonly kind: 'timestamp'; readonly eventTime?: boolean }
  | { readonly kind: 'bool' }
  /** `values`: only these. */
  | { readonly kind: 'string'; readonly values?: readonly string[] }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'list'; readonly of: FieldType }
  | { readonly kind: 'struct'; readonly fields: readonly SchemaField[] }
  /** Any value of the codec's domain (see codec.ts), kept as it is. */
  | { readonly kind: 'any' };

export interface FieldType {
  readonly type: DataType;
  readonly nullable: boolean;
}
export interface SchemaField extends FieldType {
  readonly name: string;
}

/**
 * The columns of a batch. `any`: rows without a schema, kept whole in one column of type any; their properties are read
 * through `Batch.value`.
 */
export type BatchSchema =
  | { readonly kind: 'columns'; readonly fields: readonly SchemaField[] }
  | { readonly kind: 'any' };

export const anySchema: BatchSchema = { kind: 'any' };
