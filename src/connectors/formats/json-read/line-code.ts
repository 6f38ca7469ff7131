/**
 * The code that reads lines of one shape: generated, so that what stands between values is compared without a loop, and values go
 * where they belong without a question.
 *
 * Owns: the ways that most values are written. Every other value is left to `JsonValues`, every other line to who asked. Of the shape
 * only numbers go into the code: builders and the like come in by number.
 */
import { conditionCode, isText, type LeafFilter } from './conditions.ts';
import { type Group, type Leaf, leafKind, type ReadPlan } from './read-plan.ts';
import type { RowTarget } from './row-target.ts';
import { behindLoosely, type Shape, type ShapeValue, withoutBlanks } from './shape.ts';
import { plainBytes } from './strings.ts';
import { exactDigitsMax, exactPowers, type JsonValues } from './values.ts';
import type { LineWindow } from './window.ts';

/** How many lines were read, and of how many there are rows: which ones, counted from `before`, where there are conditions. */
export interface Run {
  lines: number;
  rows: number;
  before: number;
  kept: Int32Array;
}
/**
 * Reads lines of its shape from `from` on, at most `most`, as long as there are any before `to`; where the next line begins. Before `to`
 * stands a line feed.
 *
 * @param view of the same bytes
 * @param shift how far behind where they are read texts will lie
 */
export type LineCode = (bytes: Uint8Array, view: DataView, from: number, to: number, most: number, shift: number) => number;

export interface CodeContext {
  readonly plan: ReadPlan;
  readonly values: JsonValues;
  readonly target: RowTarget;
  readonly run: Run;
  /** Lines that surely do not meet them give no rows. */
  readonly conditions: readonly LeafFilter[];
  /** Where the plain part of a text ends, if all lines are in a window (window.ts); null: a byte at a time. */
  readonly plainEnd: LineWindow['plainEnd'] | null;
}

export function lineCode(shape: Shape, context: CodeContext): LineCode {
  const { plan, values, target, run, conditions, plainEnd } = context;
  const between = [...shape.values.map(({ before }) => before), shape.after].map(withoutBlanks);
  const loosely = (bytes: Uint8Array, at: number, i: number): number => behindLoosely(bytes, at, between[i]!);
  const scans = plan.leaves.map(({ scan }) => scan?.ms);
  const given = {
    values,
    run,
    loosely,
    scans,
    plain: plainBytes,
    plainEnd,
    powers: exactPowers,
    mark: target.markEscaped,
    leaves: target.leaves,
    groups: target.groups,
    wishes: conditions.flat(2).map(({ value }) => value),
    isText,
  };
  const names = Object.keys(given);
  // oxlint-disable-next-line typescript/no-implied-eval -- the code holds nothing of the data but numbers.
  return new Function(...names, codeOf(shape, plan, conditions, plainEnd !== null))(
    ...names.map((name) => given[name as keyof typeof given]),
  ) as LineCode;
}

function codeOf(shape: Shape, { root, leaves, groups }: ReadPlan, conditions: readonly LeafFilter[], isHeld: boolean): string {
  const toPlainEnd = isHeld ? 'at = plainEnd(at);' : 'while (plain[bytes[at]] === 1) at++;';
  const read = leaves.filter(({ id }) => shape.values.some(({ leaf }) => leaf === id));
  const ids = new Set(read.map(({ id }) => id));
  const keep =
    conditions.length === 0
      ? ''
      : `
        if (!(${conditionCode(conditions, ids)})) continue;
        kept[rows++] = before + lines;`;
  return `
    const { strings, numbers, starts, ends, escaped, nulls, parsed } = values;
    ${leaves.map(({ id, wanted }) => (wanted ? `const b${id} = leaves[${id}];` : '')).join('\n')}
    ${leaves.map(({ id, scan }) => (scan === undefined ? '' : `const t${id} = scans[${id}];`)).join('\n')}
    ${groups.map(({ id, wanted }) => (wanted && id !== root.id ? `const g${id} = groups[${id}];` : '')).join('\n')}
    return (bytes, view, from, to, most, shift) => {
      const limit = view.byteLength;
      const { kept, before } = run;
      let line = from, lines = 0, rows = run.rows, at = 0, byte = 0, first = 0, point = 0, sum = 0, isNegative = false;
      ${read.map(variablesCode).join('\n')}
      for (; lines < most && line < to; lines++) {
        at = line;
        ${shape.values.map((value, i) => betweenCode(value.before, i) + valueCode(value, leaves, toPlainEnd)).join('\n')}
        ${betweenCode(shape.after, shape.values.length)}
        if (bytes[at] === 13) at++;
        if (bytes[at++] !== 10) break;
        line = at;
        ${keep}
        ${appendCode(root, shape, ids)}
      }
      run.lines = lines;
      run.rows = ${keep === '' ? 'rows + lines' : 'rows'};
      return line;
    };`;
}

function variablesCode({ id, kind, wanted, nullable }: Leaf): string {
  const isNull = nullable && wanted ? `let n${id} = false;` : '';
  if (kind === leafKind.text) return `let s${id} = 0, e${id} = 0, x${id} = false; ${isNull}`;
  return kind === leafKind.parsed ? isNull : `let v${id} = 0; ${isNull}`;
}

/** Four bytes at a time. */
function betweenCode(bytes: Uint8Array, i: number): string {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const tests: string[] = [];
  for (let at = 0; at + 4 <= length; at += 4) tests.push(`view.getInt32(at + ${at}, true) !== ${view.getInt32(at, true)}`);
  for (let at = length & ~3; at < length; at++) tests.push(`bytes[at + ${at}] !== ${bytes[at]!}`);
  return `
        if (at + ${length} > limit || ${tests.join(' || ')}) {
          if ((at = loosely(bytes, at, ${i})) < 0) break;
        } else at += ${length};`;
}

/** @param toPlainEnd moves `at` to where plain text ends */
function valueCode({ leaf: id, textBytes }: ShapeValue, leaves: readonly Leaf[], toPlainEnd: string): string {
  if (id < 0) return skipCode(toPlainEnd);
  const leaf = leaves[id]!;
  switch (leaf.kind) {
    case leafKind.float:
    case leafKind.whole:
      return numberCode(leaf);
    case leafKind.text:
      return leaf.allowed === null ? textCode(leaf, toPlainEnd) : slowly(leaf);
    case leafKind.time:
      return textBytes < 0 ? numberCode(leaf) : timeCode(leaf, textBytes);
    case leafKind.timeText:
      return textBytes < 0 ? slowly(leaf) : timeCode(leaf, textBytes);
    default:
      return slowly(leaf);
  }
}

/** As `JsonValues` reads it. */
function slowly({ id, kind, wanted, nullable }: Leaf): string {
  const found =
    kind === leafKind.text
      ? `s${id} = starts[${id}]; e${id} = ends[${id}]; x${id} = escaped[${id}] === 1;`
      : kind === leafKind.parsed
        ? ''
        : `v${id} = numbers[${id}];`;
  return `
          if ((at = values.read(bytes, at, ${id})) < 0) break;
          ${found}
          ${nullable && wanted ? `n${id} = nulls[${id}] === 1;` : ''}`;
}

const quickly = ({ id, nullable, wanted }: Leaf): string => (nullable && wanted ? `n${id} = false;` : '');

/** Whole numbers of few digits, and such with a point. */
function numberCode(leaf: Leaf): string {
  const { id, kind } = leaf;
  const negated = kind === leafKind.time ? '0 - sum' : '-sum'; // a time has one zero
  const withPoint = `
        else if (byte === -2 && (point = ++at) > first + 1) {
          while ((byte = bytes[at] - 48) >= 0 && byte <= 9) { sum = sum * 10 + byte; at++; }
          if (at > point && at - first <= ${exactDigitsMax + 1} && byte !== 53 && byte !== 21 && (point - first === 2 || bytes[first] !== 48)) {
            sum /= powers[at - point];
            v${id} = isNegative ? -sum : sum;
            ${quickly(leaf)}
          } else {
            at = isNegative ? first - 1 : first;
            ${slowly(leaf)}
          }
        }`;
  return `
        isNegative = bytes[at] === 45;
        if (isNegative) at++;
        first = at;
        sum = 0;
        while ((byte = bytes[at] - 48) >= 0 && byte <= 9) { sum = sum * 10 + byte; at++; }
        if (byte !== -2 && byte !== 53 && byte !== 21 && at > first && at - first <= ${exactDigitsMax} && (at - first === 1 || bytes[first] !== 48)) {
          v${id} = isNegative ? ${negated} : sum;
          ${quickly(leaf)}
        } ${kind === leafKind.float ? withPoint : ''} else {
          at = isNegative ? first - 1 : first;
          ${slowly(leaf)}
        }`;
}

/** What is plain is passed here; escapes and what is beyond ASCII by \`JsonStrings\`. */
function textCode(leaf: Leaf, toPlainEnd: string): string {
  const { id } = leaf;
  return `
        if (bytes[at] === 34) {
          s${id} = ++at;
          ${toPlainEnd}
          x${id} = false;
          if (bytes[at] !== 34) {
            if ((at = strings.end(bytes, s${id}, at)) < 0) break;
            x${id} = strings.escaped;
          }
          e${id} = at++;
          ${quickly(leaf)}
        } else {${slowly(leaf)}
        }`;
}

/** A value that the schema does not have. */
function skipCode(toPlainEnd: string): string {
  return `
        if (bytes[at] === 34) {
          first = ++at;
          ${toPlainEnd}
          if (bytes[at] !== 34 && (at = strings.end(bytes, first, at)) < 0) break;
          at++;
        } else if ((at = values.skip(bytes, at)) < 0) break;`;
}

/** Text of the length that it had in the line that the shape is of. */
function timeCode(leaf: Leaf, length: number): string {
  if (!leaf.scan!.plain) return slowly(leaf);
  const { id } = leaf;
  return `
        if (bytes[at] === 34 && bytes[at + ${length + 1}] === 34 && (v${id} = t${id}(bytes, at + 1, at + ${length + 1})) === v${id}) {
          at += ${length + 2};
          ${quickly(leaf)}
        } else {${slowly(leaf)}
        }`;
}

/** Puts what was read into the builders. What the shape does not have is null. */
function appendCode({ parts }: Group, shape: Shape, read: ReadonlySet<number>): string {
  return parts
    .filter(({ wanted }) => wanted)
    .map((part) => {
      if (part.is === 'leaf') return read.has(part.id) ? appendLeaf(part) : `b${part.id}.appendNull();`;
      if (!shape.present.has(part.id)) return `g${part.id}.appendNull();`;
      return `${appendCode(part, shape, read)} g${part.id}.push();`;
    })
    .join('\n');
}

function appendLeaf({ id, kind, nullable }: Leaf): string {
  const append =
    kind === leafKind.text
      ? `b${id}.pushRange(s${id} + shift, e${id} + shift); if (x${id}) mark(b${id});`
      : kind === leafKind.parsed
        ? `b${id}.append(parsed[${id}]);`
        : `b${id}.push(v${id});`;
  return nullable ? `if (n${id}) b${id}.appendNull(); else { ${append} }` : append;
}
