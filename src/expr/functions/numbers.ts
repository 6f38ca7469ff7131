/** Arithmetic, as IEEE 754 and JavaScript have it: 1 / 0 is Infinity, 0 / 0 NaN; `mod` has the sign of the dividend. */
import { number, type ScalarFunction } from './scalar-function.ts';

const binary = (apply: (a: number, b: number) => number, sign: string): ScalarFunction => ({
  takes: ['number', 'number'],
  gives: number,
  apply,
  code: (a, b) => `(${a} ${sign} ${b})`,
  text: (a, b) => `(${a} ${sign} ${b})`,
});

/** That a number shows. */
const significantDigits = 17;

/** Half away from zero, at the digit that the number shows: 1.005 to two digits is 1.01. */
function round(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value;
  const [mantissa, exponent = '0'] = Math.abs(value).toExponential().split('e');
  if (Number(exponent) + digits >= significantDigits) return value; // it has none behind that
  const scaled = Math.round(Number(`${mantissa}e${Number(exponent) + digits}`));
  const rounded = Number(`${scaled}e${-digits}`);
  return value < 0 ? -rounded : rounded;
}

export const numbers: Readonly<
  Record<'add' | 'sub' | 'mul' | 'div' | 'mod' | 'abs' | 'floor' | 'ceil' | 'round', ScalarFunction>
> = {
  add: binary((a, b) => a + b, '+'),
  sub: binary((a, b) => a - b, '-'),
  mul: binary((a, b) => a * b, '*'),
  div: binary((a, b) => a / b, '/'),
  mod: binary((a, b) => a % b, '%'),
  abs: { takes: ['number'], gives: number, apply: Math.abs, code: (a) => `Math.abs(${a})` },
  floor: { takes: ['number'], gives: number, apply: Math.floor, code: (a) => `Math.floor(${a})` },
  ceil: { takes: ['number'], gives: number, apply: Math.ceil, code: (a) => `Math.ceil(${a})` },
  round: { takes: ['number', 'constant'], gives: number, apply: round },
};
