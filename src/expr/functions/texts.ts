/** Functions of text. Lengths and positions are JavaScript's: UTF-16 code units. */
import { bool, number, type ScalarFunction, text } from './scalar-function.ts';

const decimal = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** Of the text that ends at the next `separator`; null where there is no such part. */
function splitPart(value: string, separator: string, index: number): string | null {
  if (separator === '') return value.charAt(index) || null;
  let from = 0;
  for (let part = 0; part < index; part++) {
    const at = value.indexOf(separator, from);
    if (at < 0) return null;
    from = at + separator.length;
  }
  const end = value.indexOf(separator, from);
  return end < 0 ? value.slice(from) : value.slice(from, end);
}

export const texts: Readonly<
  Record<
    | 'lower'
    | 'upper'
    | 'trim'
    | 'length'
    | 'concat'
    | 'slice'
    | 'startsWith'
    | 'matches'
    | 'extract'
    | 'split'
    | 'toNumber'
    | 'toText',
    ScalarFunction
  >
> = {
  lower: { takes: ['string'], gives: text, apply: (a: string) => a.toLowerCase(), code: (a) => `${a}.toLowerCase()` },
  upper: { takes: ['string'], gives: text, apply: (a: string) => a.toUpperCase(), code: (a) => `${a}.toUpperCase()` },
  trim: { takes: ['string'], gives: text, apply: (a: string) => a.trim(), code: (a) => `${a}.trim()` },
  length: { takes: ['string'], gives: number, apply: (a: string) => a.length, code: (a) => `${a}.length` },
  concat: {
    takes: ['string'],
    gives: text,
    apply: (...parts: string[]) => parts.join(''),
    code: (...parts) => `(${parts.join(' + ')})`,
  },
  slice: {
    takes: ['string', 'constant', 'constant'],
    gives: text,
    apply: (a: string, from: number, to?: number) => a.slice(from, to),
  },
  startsWith: { takes: ['string', 'constant'], gives: bool, apply: (a: string, prefix: string) => a.startsWith(prefix) },
  matches: { takes: ['string', 'constant'], gives: bool, apply: (a: string, pattern: RegExp) => pattern.test(a) },
  extract: {
    takes: ['string', 'constant', 'constant'],
    gives: text,
    maybeNull: true,
    apply: (a: string, pattern: RegExp, group: number) => pattern.exec(a)?.[group] ?? null,
  },
  split: { takes: ['string', 'constant', 'constant'], gives: text, maybeNull: true, apply: splitPart },
  toNumber: {
    takes: ['string'],
    gives: number,
    maybeNull: true,
    apply: (a: string) => (decimal.test(a) ? Number(a) : null),
  },
  toText: { takes: ['any'], gives: text, apply: (a: string | number | boolean) => String(a), code: (a) => `String(${a})` },
};
