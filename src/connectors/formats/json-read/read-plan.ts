/**
 * What is read of a record: the tree of the schema's fields, each leaf with a number, and which of them anybody wants.
 *
 * All of them are checked, wanted or not: which records are refused does not depend on who reads them.
 */
import { Buffer } from 'node:buffer';
import type { ReadField, TextScan } from '../../../api/index.ts';
import type { SchemaField } from '../../../batch/index.ts';

/** Kinds of leaves as small numbers: a switch over them is quick. */
export const leafKind = { float: 1, whole: 2, time: 3, timeText: 4, text: 5, flag: 6, parsed: 7, skipped: 8 } as const;

export interface Leaf {
  readonly is: 'leaf';
  readonly id: number;
  /** Its name as the bytes of a key, as latin1. */
  readonly key: string;
  readonly kind: number;
  readonly nullable: boolean;
  readonly wanted: boolean;
  readonly scan: TextScan | undefined;
  /** What a text may be; null where it may be anything. */
  readonly allowed: ReadonlySet<string> | null;
  /** The value of the column from that of JSON; throws if it does not fit. */
  readonly read: (value: unknown) => unknown;
}
/** An object: the record itself, or a struct in it. */
export interface Group {
  readonly is: 'group';
  readonly id: number;
  readonly key: string;
  readonly nullable: boolean;
  readonly wanted: boolean;
  readonly parts: readonly Part[];
  readonly byKey: ReadonlyMap<string, Part>;
}
export type Part = Leaf | Group;

export interface ReadPlan {
  readonly root: Group;
  readonly leaves: readonly Leaf[];
  readonly groups: readonly Group[];
}

/** @param wanted the fields, or some of them, with all that is in them or some of it */
export function readPlan(fields: readonly ReadField[], wanted: readonly SchemaField[]): ReadPlan {
  const leaves: Leaf[] = [];
  const groups: Group[] = [];
  const groupOf = (
    { name, nullable }: Pick<SchemaField, 'name' | 'nullable'>,
    inside: readonly ReadField[],
    some: readonly SchemaField[] | null,
    isRecord: boolean,
  ): Group => {
    const parts = inside.map((field): Part => {
      const found = some?.find((one) => one.name === field.field.name);
      if (field.inside === undefined) return leafOf(field, found !== undefined, isRecord);
      const fields = found?.type.kind === 'struct' ? found.type.fields : null;
      return groupOf(field.field, field.inside, fields, false);
    });
    const byKey = new Map(parts.map((part) => [part.key, part]));
    const group: Group = { is: 'group', id: groups.length, key: keyOf(name), nullable, wanted: some !== null, parts, byKey };
    groups.push(group);
    return group;
  };
  const leafOf = ({ field, read, scan }: ReadField, isWanted: boolean, isColumn: boolean): Leaf => {
    const { type, name, nullable } = field;
    const leaf: Leaf = {
      is: 'leaf',
      id: leaves.length,
      key: keyOf(name),
      kind: kindOf(field, scan, isWanted),
      nullable,
      wanted: isWanted,
      scan,
      allowed: type.kind === 'string' && type.values !== undefined ? new Set(type.values) : null,
      read: isColumn && type.kind === 'bytes' ? (value) => read(base64Bytes(value)) : read,
    };
    leaves.push(leaf);
    return leaf;
  };
  return { root: groupOf({ name: '', nullable: false }, fields, wanted, true), leaves, groups };
}

const keyOf = (name: string): string => Buffer.from(name).toString('latin1');

function kindOf({ type }: SchemaField, scan: TextScan | undefined, isWanted: boolean): number {
  switch (type.kind) {
    case 'float64':
      return leafKind.float;
    case 'int64':
      return leafKind.whole;
    case 'timestamp':
      return scan === undefined ? leafKind.parsed : scan.numbers ? leafKind.time : leafKind.timeText;
    case 'string':
      return leafKind.text;
    case 'bool':
      return leafKind.flag;
    case 'any':
      return isWanted ? leafKind.parsed : leafKind.skipped;
    default:
      return leafKind.parsed;
  }
}

/** A column of bytes is base64 in JSON. */
export function base64Bytes(value: unknown): unknown {
  return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value;
}
