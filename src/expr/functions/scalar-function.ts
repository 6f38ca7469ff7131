import type { DataType, SchemaField } from '../../batch/index.ts';
import type { Family } from '../node.ts';

/**
 * A function of values that are not null. `apply` is what it means; `code` is the same as JavaScript over names of variables,
 * where that is quicker than a call.
 */
export interface ScalarFunction {
  /** What each argument must be; `same`: of the family of the first. The last one stands for all that follow. */
  readonly takes: readonly (Family | 'same' | 'constant')[];
  readonly gives: DataType;
  /** Its result may be null though no argument is. */
  readonly maybeNull?: boolean;
  readonly apply: (...args: never[]) => unknown;
  readonly code?: (...args: readonly string[]) => string;
  /** As in plans; `name(args)` where absent. */
  readonly text?: (...args: readonly string[]) => string;
}

export const number: DataType = { kind: 'float64' };
export const text: DataType = { kind: 'string' };
export const bool: DataType = { kind: 'bool' };
export const time: DataType = { kind: 'timestamp' };
const instant = (name: string): SchemaField => ({ name, type: time, nullable: false });
export const window: DataType = { kind: 'struct', fields: [instant('start'), instant('end')] };
