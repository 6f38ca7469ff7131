export { builderOf } from './builder-of.ts';
export { decodeColumn } from './decode-column.ts';
export { AnyColumn } from './any.ts';
export { BoolColumn } from './bool.ts';
export type { StringBuilder } from './string.ts';
export { type Float64Builder, Float64Column } from './float64.ts';
export { type Int64Builder, Int64Column } from './int64.ts';
