/** Comparisons of values of one family: numbers as IEEE 754 has them (NaN equals nothing), texts by UTF-16 code unit, false before true. */
import { bool, type ScalarFunction } from './scalar-function.ts';

type Comparable = string | number | boolean;

const comparison = (apply: (a: Comparable, b: Comparable) => boolean, code: string, text = code): ScalarFunction => ({
  takes: ['any', 'same'],
  gives: bool,
  apply,
  code: (a, b) => `(${a} ${code} ${b})`,
  text: (a, b) => `(${a} ${text} ${b})`,
});

export const comparisons: Readonly<Record<'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'in' | 'not', ScalarFunction>> = {
  eq: comparison((a, b) => a === b, '===', '='),
  ne: comparison((a, b) => a !== b, '!==', '<>'),
  lt: comparison((a, b) => a < b, '<'),
  lte: comparison((a, b) => a <= b, '<='),
  gt: comparison((a, b) => a > b, '>'),
  gte: comparison((a, b) => a >= b, '>='),
  in: {
    takes: ['any', 'constant'],
    gives: bool,
    apply: (value: Comparable, values: ReadonlySet<Comparable>) => values.has(value),
    code: (value, values) => `${values}.has(${value})`,
    text: (value, values) => `(${value} in ${values})`,
  },
  not: { takes: ['boolean'], gives: bool, apply: (a: boolean) => !a, code: (a) => `(!${a})`, text: (a) => `(not ${a})` },
};
