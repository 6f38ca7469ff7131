import type { Aggregate } from './aggregate.ts';

/** How many rows. */
export const count: Aggregate<number> = {
  id: 'count',
  create: () => 0,
  accumulate: (acc) => acc + 1,
  retract: (acc) => acc - 1,
  holds: (acc) => acc > 0,
  merge: (a, b) => a + b,
  result: (acc) => acc,
  slot: {
    bytes: 8,
    load: (view, at) => view.getFloat64(at, true),
    store(view, at, acc) {
      view.setFloat64(at, acc, true);
      return true;
    },
  },
  write: (out, acc) => out.varint(acc),
  read: (from) => from.varint(),
};
