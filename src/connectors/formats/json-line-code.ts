/**
 * The code that reads lines of one shape: generated, so that keys are compared without a loop and values go where they belong
 * without a question.
 *
 * Owns: the ways that most values are written. Every other value is left to `JsonValues`, every other line to who asked. Of the shape
 * only numbers go into the code.
 */
import type { TextScan } from '../../api/index.ts';
import type { BatchBuilder } from '../../batch/index.ts';
import { invariant } from '../../core/index.ts';
import type { JsonKey, JsonShape } from './json-shape.ts';
import { type JsonValues, valueKind } from './json-values.ts';
import { hashBase, type TextCache } from './text-cache.ts';

/** Appends the row that begins at `from` and gives where it ends: behind its line end, or just at `end` if that is not -1; else -1. */
export type LineCode = (bytes: Uint8Array, from: number, end: number, rows: BatchBuilder) => number;

/** Digits of a number that is exact without more ado. */
const digitsMax = 15;

export function lineCode(shape: JsonShape, values: JsonValues, texts: TextCache): LineCode {
  const { keys, missing } = shape;
  const read = keys.map((key, i) => keyCode(key, i === keys.length - 1, values));
  const columns = keys.map(({ column }) => column).filter((column) => column >= 0);
  const code = `
    return (bytes, from, end, rows) => {
      let at = from, byte = 0, first = 0, sum = 0, negative = false;
      ${columns.map((column) => `let v${column} = ${isText(values, column) ? "''" : '0'}, n${column} = false;`).join('\n')}
      if (bytes[at++] !== 123) return -1;
      ${read.join('\n')}
      if (end !== -1) { if (at !== end) return -1; }
      else { if (bytes[at] === 13) at++; if (bytes[at++] !== 10) return -1; }
      ${columns.map((column) => appendCode(column, values)).join('\n')}
      ${missing.map((column) => `rows.fillNull(${column});`).join('\n')}
      rows.filled();
      return at;
    };`;
  const scans: readonly (TextScan | undefined)[] = values.scans;
  // oxlint-disable-next-line typescript/no-implied-eval -- the code holds nothing of the data but numbers.
  return new Function('values', 'texts', 'scans', code)(values, texts, scans) as LineCode;
}

const isText = (values: JsonValues, column: number): boolean => values.kinds[column] === valueKind.text;

const spaces = 'while (bytes[at] === 32) at++;';

function keyCode({ bytes, column }: JsonKey, isLast: boolean, values: JsonValues): string {
  invariant(bytes.length > 0, 'a key has bytes');
  const other = Array.from(bytes, (byte, i) => `bytes[at + ${i}] !== ${byte}`).join(' || ');
  return `
      ${spaces}
      if (${other}) return -1;
      at += ${bytes.length};
      ${spaces}
      ${column < 0 ? skipCode : valueCode(column, values)}
      ${spaces}
      if (bytes[at++] !== ${isLast ? 125 : 44}) return -1;`;
}

const skipCode = 'if ((at = values.read(bytes, at, -1)) < 0) return -1;';

function valueCode(column: number, values: JsonValues): string {
  const otherwise = `
        if ((at = values.read(bytes, at, ${column})) < 0) return -1;
        v${column} = values.${isText(values, column) ? 'strings' : 'numbers'}[${column}];
        n${column} = values.nulls[${column}] === 1;`;
  switch (values.kinds[column]) {
    case valueKind.float:
    case valueKind.whole:
      return numberCode(column, otherwise);
    case valueKind.text:
      return values.allowed[column] === null ? textCode(column, otherwise) : otherwise;
    case valueKind.time:
    case valueKind.timeText:
      return timeCode(column, values.scans[column]?.length, otherwise);
    default:
      return otherwise;
  }
}

/** Whole numbers of few digits. */
function numberCode(column: number, otherwise: string): string {
  return `
      negative = bytes[at] === 45;
      if (negative) at++;
      first = at;
      sum = 0;
      while ((byte = bytes[at] - 48) >= 0 && byte <= 9) { sum = sum * 10 + byte; at++; }
      byte = bytes[at];
      if ((byte === 44 || byte === 125) && at > first && at - first <= ${digitsMax} && (at - first === 1 || bytes[first] !== 48)) {
        v${column} = negative ? -sum : sum;
      } else {
        at = negative ? first - 1 : first;${otherwise}
      }`;
}

/** Printable ASCII without escapes. */
function textCode(column: number, otherwise: string): string {
  return `
      if (bytes[at] === 34) {
        first = ++at;
        sum = 0;
        while ((byte = bytes[at]) !== 34) {
          if (!(byte > 31 && byte < 127 && byte !== 92)) return -1;
          sum = (Math.imul(sum, ${hashBase}) + byte) | 0;
          at++;
        }
        v${column} = texts.text(bytes, first, at++, sum);
      } else {${otherwise}
      }`;
}

/** Text of the one length that times of this column have. */
function timeCode(column: number, length: number | undefined, otherwise: string): string {
  if (length === undefined) return otherwise;
  return `
      if (bytes[at] === 34 && bytes[at + ${length + 1}] === 34) {
        v${column} = scans[${column}].ms(bytes, at + 1, at + ${length + 1});
        if (v${column} !== v${column}) return -1;
        at += ${length + 2};
      } else {${otherwise}
      }`;
}

function appendCode(column: number, values: JsonValues): string {
  const kind = values.kinds[column];
  const fill =
    kind === valueKind.text
      ? `rows.fillText(${column}, v${column});`
      : kind === valueKind.flag
        ? `rows.fillFlag(${column}, v${column} === 1);`
        : `rows.fillNumber(${column}, v${column});`;
  return values.nullable[column] === true ? `if (n${column}) rows.fillNull(${column}); else ${fill}` : fill;
}
