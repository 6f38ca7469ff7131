/**
 * The first rows in an order of some of their columns, best first; of equal ones that which came first (ranking.ts).
 *
 * Owns: the rows of a group that may still be among them, as bytes, with the values that they are compared by. What falls behind is gone.
 * The bytes are those of a text, a character each: the collector of garbage moves a text as it does an object, while memory of its own costs
 * more than the row. Of most groups they lie outside of the heap, and are only shown (ranked-state.ts).
 */
import { Buffer } from 'node:buffer';
import {
  type Batch,
  type BatchBuilder,
  type BatchSchema,
  bufferOver,
  type ColumnBuilder,
  fieldCodec,
  latin1Slice,
  Memory,
} from '../../batch/index.ts';
import { invariant } from '../../core/index.ts';
import type { TopSpec } from '../../plan/index.ts';
import type { RowBytes } from '../row-form.ts';
import type { Aggregate } from './aggregate.ts';
import { fieldIn, Ranking } from './ranking.ts';

/** A row of the group, in its place. */
export interface Placed {
  readonly ordinal: number;
  readonly by: readonly unknown[];
  /** A text for itself, or bytes that lie elsewhere. */
  readonly row: string | RowBytes;
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
  const { id, ...all } = placed(spec, input, Infinity);
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
function placed(spec: TopSpec, input: BatchSchema, kept: number): Aggregate<Placed[]> {
  const { rows, by, columns } = spec;
  const ranking = new Ranking(spec, input);
  const { form } = ranking;
  const orders = by.map(({ column }) => fieldCodec(fieldIn(input, column)));
  const unpacked = new UnpackedRow();
  const valuesOf = ({ row }: Placed): unknown[] => ranking.columnsOf(unpacked.of(row));
  let known: { readonly to: BatchBuilder; readonly targets: readonly (ColumnBuilder | null)[] } | undefined;
  const targetsOf = (to: BatchBuilder, from: number): readonly (ColumnBuilder | null)[] => {
    if (known?.to !== to) known = { to, targets: ranking.targets(to.builders, from) };
    return known.targets;
  };
  const isBehind = (acc: readonly Placed[], values: readonly unknown[]): boolean =>
    acc.length === kept && ranking.compareBy(values, acc[kept - 1]!.by) >= 0;
  return {
    id: ranking.id,
    reader: (batch) => candidates(batch, ranking),
    check: () => ranking.check(), // the candidate is the row that was turned to last
    create: () => [],
    accumulate(acc, candidate, ordinal) {
      const values = (candidate as Candidate).by();
      if (isBehind(acc, values)) return acc;
      let at = acc.length;
      while (at > 0 && ranking.compareBy(values, acc[at - 1]!.by) < 0) at--;
      acc.splice(at, 0, { ordinal, by: values, row: (candidate as Candidate).row() });
      if (acc.length > kept) acc.pop();
      return acc;
    },
    merge: (a, b) => [...a, ...b].sort((x, y) => ranking.compareBy(x.by, y.by) || x.ordinal - y.ordinal).slice(0, kept),
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
        invariant(typeof row === 'string', 'what is written has its rows for itself');
        out.varint(ordinal);
        orders.forEach((codec, i) => codec.write(out, values[i]));
        out.bytes(Buffer.from(row, 'latin1'));
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

const textOf = (bytes: Uint8Array): string => latin1Slice(bufferOver(bytes), 0, bytes.length);

/** One row's text at a time as the bytes that it stands for. */
class UnpackedRow {
  readonly #row = { memory: new Memory(256), at: 0 };

  /** Good until the next. */
  of(row: string | RowBytes): RowBytes {
    if (typeof row !== 'string') return row;
    if (row.length > this.#row.memory.bytes.length) this.#row.memory = new Memory(row.length * 2);
    this.#row.memory.bytes.write(row, 0, 'latin1');
    return this.#row;
  }
}

function candidates(batch: Batch, ranking: Ranking): (i: number) => Candidate {
  const turn = ranking.turner(batch);
  const { form } = ranking;
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
    turn(i);
    values = ranking.values();
    return candidate;
  };
}
