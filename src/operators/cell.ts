/** The accumulators of one key in one sub-slice. */
import type { ValueCodec } from '../state/index.ts';
import type { Aggregate } from './aggregates/index.ts';
import type { Changing } from './emissions.ts';

export interface Cell extends Changing {
  first: number;
  last: number;
  /** One for each aggregate. */
  readonly accs: unknown[];
}

export function newCell(aggregates: readonly Aggregate[], ordinal: number): Cell {
  const { length } = aggregates;
  const accs = new Array<unknown>(length);
  for (let i = 0; i < length; i++) accs[i] = aggregates[i]!.create();
  return { first: ordinal, last: ordinal, accs };
}

/** A new cell of both. */
export function mergeCells(aggregates: readonly Aggregate[], a: Cell, b: Cell): Cell {
  return {
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
    accs: aggregates.map((aggregate, i) => aggregate.merge(a.accs[i], b.accs[i])),
  };
}

function meaning({ id, column, where }: Aggregate): string {
  return `${id}${column === undefined ? '' : ` ${column}`}${where === undefined ? '' : ` where ${where}`}`;
}

export function cellCodec(aggregates: readonly Aggregate[]): ValueCodec<Cell> {
  return {
    id: `cell(${aggregates.map(meaning).join(', ')})`,
    write(out, cell) {
      out.varint(cell.first);
      out.varint(cell.last);
      aggregates.forEach((aggregate, i) => aggregate.write(out, cell.accs[i]));
    },
    read: (from) => ({ first: from.varint(), last: from.varint(), accs: aggregates.map((aggregate) => aggregate.read(from)) }),
  };
}
