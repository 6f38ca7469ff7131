/**
 * Conditions of rows, as a reader can tell of the values that it has read, before there is a row.
 *
 * Owns: which conditions that are: comparisons of columns of the record itself, not of fields in structs, that are numbers, times, flags
 * or texts (texts only for equality; one with escapes is never left out). All others are left to whoever wants the rows.
 */
import { Buffer } from 'node:buffer';
import type { RowCondition, RowFilter } from '../../../plan/index.ts';
import { type Group, type Leaf, leafKind, type ReadPlan } from './read-plan.ts';
import type { JsonValues } from './values.ts';

export interface LeafCondition {
  readonly leaf: Leaf;
  readonly is: RowCondition['is'];
  /** Of flags 1 and 0. */
  readonly value: number | Uint8Array;
}

/** Lists of conditions: a row meets all of one of them. */
export type LeafFilter = readonly (readonly LeafCondition[])[];

const numeric: ReadonlySet<number> = new Set([leafKind.float, leafKind.whole, leafKind.time, leafKind.timeText]);

/** Those that can be told; of one of several lists, the conditions that can, and if none can, nothing of all of them. */
export function leafFilters({ root }: ReadPlan, filters: readonly RowFilter[]): readonly LeafFilter[] {
  return filters
    .map((filter) =>
      ('anyOf' in filter ? filter.anyOf : [[filter]]).map((all) => all.flatMap((each) => leafCondition(root, each))),
    )
    .filter((lists) => lists.every((all) => all.length > 0));
}

function leafCondition(root: Group, { column, is, value }: RowCondition): readonly LeafCondition[] {
  const leaf = root.byKey.get(Buffer.from(column).toString('latin1'));
  if (leaf?.is !== 'leaf' || !leaf.wanted) return [];
  const isEquality = is === 'eq' || is === 'ne';
  if (typeof value === 'number') return numeric.has(leaf.kind) ? [{ leaf, is, value }] : [];
  if (!isEquality) return [];
  if (typeof value === 'boolean') return leaf.kind === leafKind.flag ? [{ leaf, is, value: value ? 1 : 0 }] : [];
  return leaf.kind === leafKind.text ? [{ leaf, is, value: Buffer.from(value) }] : [];
}

/** Whether the record that `values` holds may meet them all. */
export function mayMeet(filters: readonly LeafFilter[], values: JsonValues, bytes: Uint8Array): boolean {
  return filters.every((lists) => lists.some((all) => all.every((each) => mayMeetOne(each, values, bytes))));
}

function mayMeetOne({ leaf: { id }, is, value }: LeafCondition, values: JsonValues, bytes: Uint8Array): boolean {
  if (values.nulls[id] === 1) return false;
  if (typeof value === 'number') return compares(values.numbers[id]!, is, value);
  return values.escaped[id] === 1 || isText(bytes, values.starts[id]!, values.ends[id]!, value) === (is === 'eq');
}

export function isText(bytes: Uint8Array, from: number, to: number, text: Uint8Array): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text[i]) return false;
  return true;
}

function compares(a: number, is: RowCondition['is'], b: number): boolean {
  switch (is) {
    case 'eq':
      return a === b;
    case 'ne':
      return a !== b;
    case 'lt':
      return a < b;
    case 'lte':
      return a <= b;
    case 'gt':
      return a > b;
    case 'gte':
      return a >= b;
  }
}

const operators = { eq: '===', ne: '!==', lt: '<', lte: '<=', gt: '>', gte: '>=' };

/**
 * The same as code over the variables of line-code.ts: true where a row may meet them.
 *
 * @param read the leaves that the shape has: what it does not have is null
 */
export function conditionCode(filters: readonly LeafFilter[], read: ReadonlySet<number>): string {
  let wish = 0;
  const one = ({ leaf: { id, nullable }, is, value }: LeafCondition): string => {
    const i = wish++;
    if (!read.has(id)) return 'false';
    const isThere = nullable ? `!n${id} && ` : '';
    if (typeof value === 'number') return `(${isThere}v${id} ${operators[is]} wishes[${i}])`;
    return `(${isThere}(x${id} || ${is === 'eq' ? '' : '!'}isText(bytes, s${id}, e${id}, wishes[${i}])))`;
  };
  return filters.map((lists) => `(${lists.map((all) => all.map(one).join(' && ')).join(' || ')})`).join(' && ');
}
