/**
 * Which values can be packed, and be the same once unpacked.
 *
 * The domain: null, undefined, booleans, numbers, strings, bigints of 64 bits (signed or unsigned), valid Dates,
 * Uint8Arrays, arrays, and plain objects, nested at most `depthMax` deep.
 * What changes on the way: -0 becomes 0; every NaN becomes one; a lone surrogate becomes U+FFFD, one or three of them;
 * a hole in an array becomes undefined; an own property `__proto__` is renamed `__proto_`; a Buffer comes back as a
 * Uint8Array; properties with symbols for names are left out; an object without a prototype gets the usual one.
 * Refused: functions, symbols, Map, Set, typed arrays other than Uint8Array, and instances of classes: they would come
 * back as something else.
 */
import { WeirError } from '../core/index.ts';
import { describeValue } from './value-error.ts';

/** How deep values may nest; a cycle runs into it too. */
export const depthMax = 200;

const leastBigint = -(2n ** 63n);
const greatestBigint = 2n ** 64n - 1n;

/** @throws WeirError `E_VALUE` naming the first part of the value that is outside the domain */
export function requirePackable(value: unknown): void {
  const fault = findFault(value, 0);
  if (fault === null) return;
  throw new WeirError('E_VALUE', `a value cannot be kept: ${fault}`, {
    hint: 'use plain objects, arrays, strings, numbers, booleans, bigints of 64 bits, Dates and Uint8Arrays',
  });
}

function findFault(value: unknown, depth: number): string | null {
  switch (typeof value) {
    case 'function':
    case 'symbol':
      return `it holds a ${typeof value}`;
    case 'bigint':
      return value < leastBigint || value > greatestBigint ? 'it holds a bigint beyond 64 bits' : null;
    case 'object':
      return value === null ? null : findObjectFault(value, depth);
    default:
      return null;
  }
}

function findObjectFault(value: object, depth: number): string | null {
  if (depth > depthMax) return `it is nested more than ${depthMax} deep, or holds itself`;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = findFault(value[i], depth + 1);
      if (fault !== null) return fault;
    }
    return null;
  }
  if (value instanceof Uint8Array) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'it holds an invalid Date' : null;
  if (!isPlain(value)) return `it holds ${describeValue(value)}`;
  for (const name in value) {
    const fault = findFault((value as Record<string, unknown>)[name], depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

/** Made by a literal (of any realm) or without a prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
