import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hadAfter, type SlotOwner, slotsOf } from '../../src/cluster/remote/slots.ts';
import { generation } from '../../src/core/index.ts';

const worker = (session: string, slots = 1, subtasks?: readonly number[], since = 1): SlotOwner => ({
  session,
  slots,
  had: subtasks === undefined ? null : { generation: since, subtasks },
});

describe('the slots of workers', () => {
  test('are taken one of each worker in turn, and those that are too many are spare', () => {
    expect(slotsOf([worker('x', 2), worker('y', 1), worker('z', 2)], 4)).toEqual(['x', 'y', 'z', 'x', 'z']);
    expect(slotsOf([], 2)).toEqual([]);
    expect(slotsOf([worker('x')], 2)).toEqual(['x']);
  });

  test('are for the subtasks that were there before', () => {
    expect(slotsOf([worker('spare'), worker('y', 1, [1])], 2)).toEqual(['spare', 'y']);
    expect(slotsOf([worker('x', 1, [1]), worker('spare'), worker('y', 1, [0])], 2)).toEqual(['y', 'x', 'spare']);
    expect(slotsOf([worker('x', 2, [1, 3]), worker('y', 2, [0, 2])], 4)).toEqual(['y', 'x', 'y', 'x']);
  });

  test('spread again when a worker comes whose place another took beside its own', () => {
    expect(slotsOf([worker('x', 2, [0, 1]), worker('new', 2)], 2).slice(0, 2)).toEqual(['x', 'new']);
  });

  test('are for those that had them last, before those that had them once', () => {
    expect(slotsOf([worker('once', 1, [0], 3), worker('x', 1, [0], 7), worker('y', 1, [1], 7)], 2)).toEqual(['x', 'y', 'once']);
  });

  test('whatever they had before, are the same slots', () => {
    const owners = fc.uniqueArray(
      fc.record({
        session: fc.constantFrom('a', 'b', 'c', 'd'),
        slots: fc.integer({ min: 1, max: 3 }),
        had: fc.option(fc.record({ generation: fc.nat(5), subtasks: fc.uniqueArray(fc.nat(6), { maxLength: 3 }) })),
      }),
      { selector: ({ session }) => session },
    );
    fc.assert(
      fc.property(owners, fc.integer({ min: 1, max: 6 }), (workers, parallelism) => {
        const slots = slotsOf(workers, parallelism);
        const all = workers.flatMap(({ session, slots }) => Array.from({ length: slots }, () => session));
        expect(slots.toSorted()).toEqual(all.toSorted());
      }),
    );
  });

  test('remember the subtasks of a deployment once each', () => {
    const assignments = [0, 1, 2].map((stage) => ({ stage, subtask: stage === 2 ? 0 : 3, splits: [] }));
    expect(hadAfter({ generation: generation(4), assignments })).toEqual({ generation: 4, subtasks: [3, 0] });
  });
});
