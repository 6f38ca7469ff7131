/** Every function that an expression can apply, by name. */
import { comparisons } from './comparisons.ts';
import { expected } from './expected.ts';
import { numbers } from './numbers.ts';
import type { ScalarFunction } from './scalar-function.ts';
import { texts } from './texts.ts';
import { times } from './times.ts';

export { bool, number, type ScalarFunction, text, time } from './scalar-function.ts';
export type { TimePart } from './times.ts';

const all = { ...numbers, ...comparisons, ...texts, ...times, ...expected };
export type FunctionName = keyof typeof all;
export const functions: Readonly<Record<FunctionName, ScalarFunction>> = all;
