/**
 * The code that writes rows of one shape: generated, so that values go from their columns into the bytes without a question or a call
 * for each.
 *
 * Owns: the columns that most rows are made of. What is not among them, and each row that it leaves, is written by cells (cells.ts), which
 * say the same. Of the shape only numbers go into the code: bytes of names, and indices of columns.
 */
import {
  BoolColumn,
  type Column,
  EncodedStringColumn,
  Float64Column,
  Int64Column,
  type SchemaField,
  StringColumn,
} from '../../../batch/index.ts';
import { fieldHeads } from './cells.ts';
import { type LineBytes, viewOf, wordsOf } from './line-bytes.ts';
import { longText, numberBytes, putNumber, putString, putUtf8, textBytes } from './values.ts';

/**
 * Writes rows as lines, from the one at `from` on, until all are written or one is left; its index.
 *
 * @param selection the physical row of each; null: they are the same
 */
export type RowCode = (
  columns: readonly Column[],
  out: LineBytes,
  selection: Int32Array | null,
  from: number,
  starts: Uint32Array,
  ends: Uint32Array,
) => number;

const kinds = { float: 'f', whole: 'i', bool: 'b', string: 's', utf8: 'u' } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

function kindOf(column: Column): Kind | null {
  if (column instanceof Float64Column) return kinds.float;
  if (column instanceof Int64Column) return kinds.whole;
  if (column instanceof BoolColumn) return kinds.bool;
  if (column instanceof StringColumn) return kinds.string;
  return column instanceof EncodedStringColumn && column.encoding !== 'utf16le' ? kinds.utf8 : null;
}

/** The layouts of the columns; null if there is no code for one of them. */
export function layoutOf(columns: readonly Column[]): string | null {
  let layout = '';
  for (const column of columns) {
    const kind = kindOf(column);
    if (kind === null) return null;
    layout += kind;
  }
  return layout;
}

/** @param layout of the columns, by field */
export function rowCode(fields: readonly SchemaField[], layout: string): RowCode {
  const given = { putNumber, putString, putUtf8, viewOf };
  // oxlint-disable-next-line typescript/no-implied-eval -- the code holds nothing of the data but numbers.
  return new Function(...Object.keys(given), codeOf(fields, layout))(...Object.values(given)) as RowCode;
}

function codeOf(fields: readonly SchemaField[], layout: string): string {
  const ids = fields.map((_, id) => id);
  const kind = (id: number): Kind => layout[id] as Kind;
  const heads = fieldHeads(fields);
  const fixedBytes = heads.reduce((sum, { head, field }) => sum + head.length + 3 + (isText(kind(field)) ? 0 : numberBytes), 8);
  const texts = ids.filter((id) => isText(kind(id)));
  return `
    return (columns, out, selection, from, starts, ends) => {
      ${ids.map((id) => columnCode(id, kind(id))).join('\n')}
      let { bytes, view, at, begin } = out;
      const { length } = starts;
      let i = from, value = 0, size = 0, chars = 0;
      for (; i < length; i++) {
        const row = selection === null ? i : selection[i];
        size = ${fixedBytes};
        ${texts.map((id) => sizeCode(id, kind(id))).join('\n')}
        if (at + size > bytes.length) {
          out.at = at;
          out.room(size);
          ({ bytes, view, at, begin } = out);
        }
        const start = at;
        ${heads.map(({ head, field }) => putCode(head) + cellCode(field, kind(field))).join('\n')}
        ${heads.length === 0 ? putCode(Buffer.from('{}')) : 'bytes[at++] = 125;'}
        starts[i] = start - begin;
        ends[i] = at - begin;
        bytes[at++] = 10;
      }
      out.at = at;
      return i;
    };`;
}

const isText = (kind: Kind): boolean => kind === kinds.string || kind === kinds.utf8;

function columnCode(id: number, kind: Kind): string {
  const column = `columns[${id}]`;
  if (kind === kinds.string) return `const v${id} = ${column}.values;`;
  const nulls = `, n${id} = ${column}.nulls`;
  if (kind === kinds.utf8)
    return `const x${id} = ${column}.text, y${id} = viewOf(x${id}), s${id} = ${column}.starts, e${id} = ${column}.ends${nulls};`;
  if (kind === kinds.whole)
    return `const w${id} = ${column}.values, v${id} = new Int32Array(w${id}.buffer, w${id}.byteOffset, w${id}.length * 2)${nulls};`;
  return `const v${id} = ${column}.values${nulls};`;
}

/** Leaves a row with a text that is too long. */
function sizeCode(id: number, kind: Kind): string {
  const length = kind === kinds.utf8 ? `e${id}[row] - s${id}[row]` : `v${id}[row] === null ? 4 : v${id}[row].length`;
  return `
        if ((chars = ${length}) > ${longText}) break;
        size += ${textBytes(1) - textBytes(0)} * chars + ${textBytes(0) + 4};`;
}

/** Four bytes at a time. */
function putCode(bytes: Uint8Array): string {
  const { words, length } = wordsOf(bytes);
  const puts = Array.from(words, (word, i) => `view.setInt32(at + ${i * 4}, ${word}, true);`);
  return `${puts.join(' ')} at += ${length};`;
}

function cellCode(id: number, kind: Kind): string {
  const orNull = (code: string): string => `
        if (n${id} !== null && (n${id}[row >> 3] >> (row & 7) & 1) === 1) { ${putCode(Buffer.from('null'))} }
        else { ${code} }`;
  switch (kind) {
    case kinds.float:
      return orNull(`at = putNumber(bytes, view, at, v${id}[row]);`);
    case kinds.whole:
      return orNull(`
          value = v${id}[row * 2 + 1] * 4294967296 + (v${id}[row * 2] >>> 0);
          if (!Number.isSafeInteger(value)) { at = start; break; }
          at = putNumber(bytes, view, at, value);`);
    case kinds.bool:
      return orNull(`if (v${id}[row] === 0) { ${putCode(Buffer.from('false'))} } else { ${putCode(Buffer.from('true'))} }`);
    case kinds.string:
      return `
        if (v${id}[row] === null) { ${putCode(Buffer.from('null'))} }
        else at = putString(bytes, at, v${id}[row]);`;
    default:
      return orNull(`at = putUtf8(bytes, view, at, x${id}, y${id}, s${id}[row], e${id}[row]);`);
  }
}
