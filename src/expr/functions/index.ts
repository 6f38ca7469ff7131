/** Every function that an expression can apply, by name. */
import { comparisons } from './comparisons.ts';
import { expected } from './expected.ts';
import { numbers } from './numbers.ts';
import type { ScalarFunction } from './scalar-function.ts';
import { texts } from './texts.ts';
import { times } from './times.ts';

export { bool, number, type ScalarFunction, text, time, window } from './scalar-function.ts';
export type { TimePart, WindowPlaces } from './times.ts';

export type FunctionName =
  | keyof typeof numbers
  | keyof typeof comparisons
  | keyof typeof texts
  | keyof typeof times
  | keyof typeof expected;
export const functions: Readonly<Record<FunctionName, ScalarFunction>> = {
  ...numbers,
  ...comparisons,
  ...texts,
  ...times,
  ...expected,
};
