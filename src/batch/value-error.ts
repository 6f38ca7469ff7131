import { WeirError } from '../core/index.ts';

/** The error for a value that its column, key or codec cannot hold; `where` as the message should name it. */
export function valueError(where: string, expected: string, value: unknown): WeirError {
  return new WeirError('E_VALUE', `${where}: expected ${expected}, found ${describeValue(value)}`);
}

/** What a value is, in a few words that fit into a message. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `the string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
    case 'number':
      return `the number ${Object.is(value, -0) ? '-0' : value}`;
    case 'bigint':
      return `the bigint ${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    default:
      return value === null ? 'null' : describeObject(value as object);
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== 'Object' && name !== '' ? `an object of class ${name}` : 'an object';
}
