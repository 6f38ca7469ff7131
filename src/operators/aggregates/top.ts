/**
 * The first rows in an order of some of their columns, best first; of equal ones that which came first. Null is behind all values, whatever the order.
 *
 * Owns: the rows of a group that may still be among them, as bytes, with the values that they are compared by. What falls behind is gone.
 * The bytes are those of a text, a character each: the collector of garbage moves a text as it does an object, while memory of its own costs
 * more than the row.
 */
import { Buffer } from 'node:buffer';
import {
  type Batch,
  type BatchBuilder,
  type BatchSchema,
  bufferOver,
  type ColumnBuilder,
  fieldCodec,
  keyOfOne,
  latin1Slice,
  Memory,
  type SchemaField,
} from '../../batch/index.ts';
import { invariant } from '../../core/index.ts';
import type { TopSpec } from '../../plan/index.ts';
import { type RowBytes, RowForm } from '../row-form.ts';
import type { Aggregate } from './aggregate.ts';
import { compareValues } from './extremum.ts';

/** A row of the group, in its place. */
interface Placed {
  readonly ordinal: number;
  readonly by: readonly unknown[];
  readonly row: string;
}
/** A row that may become one: good until the next is asked for. */
interface Candidate {
  by(): readonly unknown[];
  row(): string;
}

export function top(spec: TopSpec, input: BatchSchema): Aggregate<Placed[]> {
  return placed(spec, input, spec.rows);
}

/** The same of rows that change: those behind are kept as well, since they may move up. */
export function topOfChanges(spec: TopSpec, input: BatchSchema): Aggregate<Placed[]> {
  const { id, ignores: _, ...all } = placed(spec, input, Infinity);
  return {
    ...all,
    id: `${id} of all`,
    holds: (acc, candidate) => placeOf(acc, candidate as Candidate) >= 0,
    retract(acc, candidate) {
      const at = placeOf(acc, candidate as Candidate);
      invariant(at >= 0, 'top has the row that is taken back');
      acc.splice(at, 1);
      return acc;
    },
  };
}

function placeOf(acc: readonly Placed[], candidate: Candidate): number {
  const row = candidate.row();
  return acc.findIndex((each) => each.row === row);
}

/** @param kept how many rows of a group */
function placed({ rows, by, columns }: TopSpec, input: BatchSchema, kept: number): Aggregate<Placed[]> {
  const compare = comparison(by);
  const orders = by.map(({ column }) => fieldCodec(fieldIn(input, column)));
  const form = RowForm.ofColumns(columns.map((column) => fieldIn(input, column)));
  const readers = columns.map((column) => form.reader(column));
  const unpacked = new UnpackedRow();
  const valuesOf = ({ row }: Placed): unknown[] => {
    const bytes = unpacked.of(row);
    return readers.map((read) => read(bytes));
  };
  let known: { readonly to: BatchBuilder; readonly targets: readonly ColumnBuilder[] } | undefined;
  const targetsOf = (to: BatchBuilder, from: number): readonly ColumnBuilder[] => {
    if (known?.to !== to) known = { to, targets: to.builders.slice(from, from + columns.length) };
    return known.targets;
  };
  const isBehind = (acc: readonly Placed[], values: readonly unknown[]): boolean =>
    acc.length === kept && compare(values, acc[kept - 1]!.by) >= 0;
  return {
    id: `top ${rows} by ${by.map(({ column, order }) => `${column} ${order}`).join(', ')} of columns (${columns
      .map((column) => fieldIn(input, column))
      .map(({ name, type, nullable }) => `${name} ${type.kind}${nullable ? '?' : ''}`)
      .join(', ')})`,
    reader: (batch) => candidates(batch, by, form),
    check(candidate) {
      for (const value of (candidate as Candidate).by()) if (typeof value === 'object' && value !== null) keyOfOne(value);
    },
    create: () => [],
    ignores: (acc, candidate) => isBehind(acc, (candidate as Candidate).by()),
    accumulate(acc, candidate, ordinal) {
      const values = (candidate as Candidate).by();
      if (isBehind(acc, values)) return acc;
      let at = acc.length;
      while (at > 0 && compare(values, acc[at - 1]!.by) < 0) at--;
      acc.splice(at, 0, { ordinal, by: values, row: (candidate as Candidate).row() });
      if (acc.length > kept) acc.pop();
      return acc;
    },
    merge: (a, b) => [...a, ...b].sort((x, y) => compare(x.by, y.by) || x.ordinal - y.ordinal).slice(0, kept),
    result: (acc) => acc.map(valuesOf),
    *rows(acc, since) {
      const first = acc.findIndex(({ ordinal }) => ordinal > since);
      for (let at = first; at >= 0 && at < Math.min(rows, acc.length); at++) yield [...valuesOf(acc[at]!), at + 1];
    },
    appendRows(acc, since, to, from, head) {
      const first = acc.findIndex(({ ordinal }) => ordinal > since);
      const rank = to.builders[from + columns.length]!;
      const targets = targetsOf(to, from);
      for (let at = first; at >= 0 && at < Math.min(rows, acc.length); at++) {
        head();
        form.append(unpacked.of(acc[at]!.row), targets, to);
        rank.append(at + 1);
        to.filled(1);
      }
    },
    write(out, acc) {
      out.varint(acc.length);
      for (const { ordinal, by: values, row } of acc) {
        out.varint(ordinal);
        orders.forEach((codec, i) => codec.write(out, values[i]));
        out.bytes(bytesOf(row));
      }
    },
    read: (from) =>
      Array.from({ length: from.varint() }, () => ({
        ordinal: from.varint(),
        by: orders.map((codec) => codec.read(from)),
        row: textOf(from.bytes()),
      })),
  };
}

const bytesOf = (row: string): Uint8Array => Buffer.from(row, 'latin1');
const textOf = (bytes: Uint8Array): string => latin1Slice(bufferOver(bytes), 0, bytes.length);

/** One row's text at a time as the bytes that it stands for. */
class UnpackedRow {
  readonly #row = { memory: new Memory(256), at: 0 };

  /** Good until the next. */
  of(row: string): RowBytes {
    if (row.length > this.#row.memory.bytes.length) this.#row.memory = new Memory(row.length * 2);
    this.#row.memory.bytes.write(row, 0, 'latin1');
    return this.#row;
  }
}

function candidates(batch: Batch, by: TopSpec['by'], form: RowForm): (i: number) => Candidate {
  const orders = by.map(({ column }) => batch.reader(column));
  const write = form.writer(batch);
  let at = -1;
  let values: readonly unknown[] = [];
  const row = (): string => {
    write(at);
    return latin1Slice(form.memory.bytes, 0, form.length);
  };
  const candidate: Candidate = { by: () => values, row };
  return (i) => {
    at = i;
    values = orders.map((read) => read(i));
    return candidate;
  };
}

function comparison(by: TopSpec['by']): (a: readonly unknown[], b: readonly unknown[]) => number {
  const signs = by.map(({ order }) => (order === 'asc' ? 1 : -1));
  return (a, b) => {
    for (let i = 0; i < signs.length; i++) {
      const [x, y] = [a[i], b[i]];
      const order = x === null || y === null ? Number(x === null) - Number(y === null) : signs[i]! * compareValues(x, y);
      if (order !== 0) return order;
    }
    return 0;
  };
}

function fieldIn(schema: BatchSchema, column: string): SchemaField {
  const field = schema.kind === 'any' ? undefined : schema.fields.find(({ name }) => name === column);
  invariant(field !== undefined, `top has a column '${column}'`);
  return field;
}
