/** What the cells of a CSV column mean: a value for the schema's reader, and the cell of a value. */
import type { SchemaField } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { CsvCell } from './csv-line.ts';
import { jsonText } from './json-text.ts';
import { notTooDeep } from './nesting.ts';

/** A cell as the value that the schema reads. Nothing is null, but an empty text where the column must have one. */
export function cellValue({ text, quoted }: CsvCell, { name, type, nullable }: SchemaField): unknown {
  if (text === '' && !quoted) return type.kind === 'string' && !nullable ? '' : null;
  switch (type.kind) {
    case 'float64':
    case 'int64':
      return numberOf(text);
    case 'bool':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'bytes':
      return new Uint8Array(Buffer.from(text, 'base64'));
    case 'list':
    case 'struct':
      return notTooDeep(jsonOf(text, name));
    case 'string':
    case 'timestamp':
    case 'any':
      return text;
  }
}

/** The text itself where it is no number: the schema's reader says it in its words. */
function numberOf(text: string): unknown {
  const value = Number(text);
  return text.trim() === '' || (Number.isNaN(value) && text !== 'NaN') ? text : value;
}

function jsonOf(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WeirError('E_RECORD', `${name}: the cell is not JSON`, { cause });
  }
}

/** A value as text; null for nothing. */
export function cellText(value: unknown, name: string): string | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
      return String(value);
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : objectCell(value);
    default:
      throw new WeirError('E_VALUE', `CSV cannot hold a ${typeof value}, found in ${name}`);
  }
}

function objectCell(value: object): string {
  if (value instanceof Date) return value.toISOString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : jsonText(value);
}
