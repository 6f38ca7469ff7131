export { builderOf } from './builder-of.ts';
export { decodeColumn } from './decode-column.ts';
export { AnyColumn } from './any.ts';
export { BoolColumn } from './bool.ts';
export { Float64Column } from './float64.ts';
export { Int64Column } from './int64.ts';
