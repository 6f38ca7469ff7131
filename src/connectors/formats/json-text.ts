/**
 * Rows as JSON text: what `JSON.stringify` gives, without its surprises.
 *
 * Properties stand in the order of the row. Timestamps are numbers (milliseconds), windows are objects, bytes are base64,
 * a `Date` (of a row without columns) is ISO 8601 text; NaN and the infinities are null, as JSON has no such numbers;
 * a property that is undefined is left out. A property called `toJSON` is data. Refused with `E_VALUE`: bigints,
 * functions, symbols, instances of classes, and what holds itself.
 */
import { WeirError } from '../../core/index.ts';

const depthMax = 200;

/** @throws WeirError `E_VALUE` naming the path of what JSON cannot hold */
export function jsonText(value: object): string {
  return isSimple(value) ? JSON.stringify(value) : objectText(value, []);
}

/** A plain object of plain values: of these `JSON.stringify` has no surprises. */
function isSimple(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const name in value) {
    const property = (value as Record<string, unknown>)[name];
    const type = typeof property;
    const isPlain = type === 'string' || type === 'boolean' || type === 'number' || property === null;
    if (!isPlain) return false;
  }
  return true;
}

/** The same of any value; `path` is where it is. */
export function valueText(value: unknown, path: PropertyKey[]): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return 'null';
    case 'object':
      return value === null ? 'null' : objectText(value, path);
    default:
      throw refused(`a ${typeof value}`, path);
  }
}

function objectText(value: object, path: PropertyKey[]): string {
  if (path.length > depthMax)
    throw refused(`something nested more than ${depthMax} deep, or that holds itself`, path.slice(0, 3));
  if (Array.isArray(value)) return arrayText(value, path);
  if (value instanceof Uint8Array) return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`;
  if (value instanceof Date) return dateText(value, path);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw refused(classOf(value), path);
  return propertiesText(value as Record<string, unknown>, path);
}

function classOf(value: object): string {
  const maker: unknown = value.constructor;
  return typeof maker === 'function' ? `a ${maker.name}` : 'an object of a class';
}

function propertiesText(value: Record<string, unknown>, path: PropertyKey[]): string {
  let text = '';
  for (const name of Object.keys(value)) {
    const property = value[name];
    if (property === undefined) continue;
    path.push(name);
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${valueText(property, path)}`;
    path.pop();
  }
  return `{${text}}`;
}

function arrayText(values: readonly unknown[], path: PropertyKey[]): string {
  let text = '';
  for (let i = 0; i < values.length; i++) {
    path.push(i);
    text += `${i === 0 ? '' : ','}${valueText(values[i], path)}`;
    path.pop();
  }
  return `[${text}]`;
}

function dateText(date: Date, path: PropertyKey[]): string {
  if (Number.isNaN(date.getTime())) throw refused('an invalid Date', path);
  return `"${date.toISOString()}"`;
}

function refused(what: string, path: readonly PropertyKey[]): WeirError {
  const where = path.length === 0 ? 'the row' : path.map(String).join('.');
  return new WeirError('E_VALUE', `JSON cannot hold ${what}, found at ${where}`);
}
