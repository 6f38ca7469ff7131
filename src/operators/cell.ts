/** The accumulators of one key in one sub-slice. */
import type { Slots, ValueCodec } from '../state/index.ts';
import type { Aggregate } from './aggregates/index.ts';
import type { Changing } from './emissions.ts';

/** In slots: `first`, `last`, and the accumulators. */
export const firstAt = 0;
export const lastAt = 8;
export const accumulatorsAt = 16;

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

/** Undefined: some accumulators have no size that is known. */
export function cellSlots(aggregates: readonly Aggregate[]): Slots<Cell> | undefined {
  const slots = aggregates.flatMap(({ slot }) => slot ?? []);
  if (slots.length < aggregates.length) return undefined;
  return {
    bytes: slots.reduce((sum, { bytes }) => sum + bytes, accumulatorsAt),
    read(view, at) {
      let place = at + accumulatorsAt;
      const accs = slots.map((slot) => {
        const acc = slot.load(view, place);
        place += slot.bytes;
        return acc;
      });
      return { first: view.getFloat64(at + firstAt, true), last: view.getFloat64(at + lastAt, true), accs };
    },
    write(view, at, { first, last, accs }) {
      view.setFloat64(at + firstAt, first, true);
      view.setFloat64(at + lastAt, last, true);
      let place = at + accumulatorsAt;
      for (let i = 0; i < slots.length; i++) {
        if (!slots[i]!.store(view, place, accs[i])) return false;
        place += slots[i]!.bytes;
      }
      return true;
    },
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
