/** What a value without a type is held to where a function wants one. */
import { describeValue } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { bool, number, type ScalarFunction, text, time } from './scalar-function.ts';

function expect(what: string, fits: (value: unknown) => boolean, gives: ScalarFunction['gives']): ScalarFunction {
  return {
    takes: ['any'],
    gives,
    apply(value: unknown) {
      if (fits(value)) return value;
      throw new WeirError('E_VALUE', `an expression takes ${what} here, and there is ${describeValue(value)}`);
    },
    text: (value) => value,
  };
}

export const expected: Readonly<Record<'isNumber' | 'isText' | 'isBoolean' | 'isTime', ScalarFunction>> = {
  isNumber: expect('a number', (value) => typeof value === 'number', number),
  isText: expect('a string', (value) => typeof value === 'string', text),
  isBoolean: expect('true or false', (value) => typeof value === 'boolean', bool),
  isTime: expect('a time in whole milliseconds', (value) => Number.isSafeInteger(value), time),
};
