import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { abortEpoch, acknowledge, type LedgerState, newLedger, openEpoch } from '../../src/progress/index.ts';

const two = newLedger<string>(['a', 'b'], 0);

describe('the checkpoint ledger', () => {
  test('L1: opens one epoch at a time', () => {
    const open = openEpoch(two);
    expect(() => openEpoch(open)).toThrow('L1');
    expect(openEpoch(abortEpoch(open, 1)).open.epoch).toBe(2);
  });

  test('L2: begins above every epoch that anybody has seen', () => {
    expect(openEpoch(newLedger(['a'], 41)).open.epoch).toBe(42);
  });

  test('L2: does not use the number of an aborted epoch again', () => {
    const aborted = abortEpoch(openEpoch(two), 1);
    expect(aborted).toMatchObject({ open: null, highest: 1, abortedInARow: 1 });
    expect(openEpoch(aborted).open.epoch).toBe(2);
  });

  test('L3: completes an epoch when the last participant has acknowledged it', () => {
    const first = acknowledge(openEpoch(two), 1, 'a', 'snapshot a');
    expect(first.kind).toBe('pending');
    const again = acknowledge(first.state, 1, 'a', 'snapshot a again');
    expect(again.kind).toBe('pending');
    const last = acknowledge(again.state, 1, 'b', 'snapshot b');
    expect(last).toMatchObject({ kind: 'complete', state: { open: null, abortedInARow: 0 } });
    expect(last.kind === 'complete' && [...last.acks]).toEqual([
      ['a', 'snapshot a again'],
      ['b', 'snapshot b'],
    ]);
  });

  test.each([
    ['nothing is open', two, 1, 'a'],
    ['it is of an earlier epoch', openEpoch(abortEpoch(openEpoch(two), 1)), 1, 'a'],
    ['it is of a later epoch', openEpoch(two), 2, 'a'],
    ['it is of a stranger', openEpoch(two), 1, 'c'],
  ])('L4: ignores an acknowledgement when %s', (_, state, epoch, participant) => {
    const result = acknowledge(state as LedgerState<string>, epoch, participant, 'x');
    expect(result.kind).toBe('ignored');
    expect(result.state).toBe(state);
  });

  test('L4: ignores an abort of another epoch than the open one', () => {
    const open = openEpoch(two);
    expect([abortEpoch(open, 2), abortEpoch(two, 1)]).toEqual([open, two]);
  });

  test('counts aborts in a row, from the last complete epoch', () => {
    let state: LedgerState<string> = newLedger(['a'], 0);
    for (let n = 1; n <= 3; n++) {
      state = abortEpoch(openEpoch(state), n);
      expect(state.abortedInARow).toBe(n);
    }
    expect(acknowledge(openEpoch(state), 4, 'a', 'x').state.abortedInARow).toBe(0);
  });

  test('L1 to L4 hold whatever comes, in any order', () => {
    const names = ['a', 'b', 'c'];
    const events = fc.array(
      fc.oneof(
        fc.constant({ kind: 'open' as const }),
        fc.record({
          kind: fc.constant('ack' as const),
          back: fc.integer({ min: -1, max: 2 }),
          who: fc.constantFrom(...names, 'stranger'),
        }),
        fc.record({ kind: fc.constant('abort' as const), back: fc.integer({ min: -1, max: 2 }) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(events, (events) => {
        let state: LedgerState<string> = newLedger(names, 0);
        let heard = new Set<string>();
        const opened: number[] = [];
        for (const event of events) {
          const epoch = state.highest - ('back' in event ? event.back : 0);
          if (event.kind === 'open') {
            if (state.open !== null) continue;
            const next = openEpoch(state);
            opened.push(next.open.epoch);
            heard = new Set();
            state = next;
          } else if (event.kind === 'abort') {
            state = abortEpoch(state, epoch);
          } else {
            if (state.open?.epoch === epoch && names.includes(event.who)) heard.add(event.who);
            const result = acknowledge(state, epoch, event.who, event.who);
            if (result.kind === 'complete') expect([...heard].sort()).toEqual(names);
            state = result.state;
          }
        }
        expect(opened).toEqual(opened.map((_, i) => i + 1));
      }),
      { numRuns: 200 },
    );
  });
});
