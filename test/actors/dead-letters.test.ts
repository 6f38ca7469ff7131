import { describe, expect, test } from 'vitest';
import type { Item, ItemTarget } from '../../src/actors/chain.ts';
import { DeadLetters, recordError } from '../../src/actors/dead-letters.ts';
import { OperatorCounters, operatorContext } from '../../src/actors/operator-context.ts';
import { generation, silentLogger } from '../../src/core/index.ts';
import { OperatorState } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { barrier } from './fakes.ts';

const record = { bytes: Uint8Array.of(1, 2), error: 'no number', operator: 'parse', position: 'a.csv#7' };

class Edge implements ItemTarget {
  readonly got: unknown[] = [];
  ready = true;
  push(item: Item): void {
    this.got.push(item.kind === 'batch' ? item.batch.row(0) : item.kind === 'barrier' ? `b${item.barrier.epoch}` : item.kind);
  }
}

describe('dead letters', () => {
  test('go to their sink in the epoch in which they were set aside', () => {
    const edge = new Edge();
    const letters = new DeadLetters(edge, 5);
    letters.add(record, new Error('x'));
    letters.passed(barrier(5));
    letters.add(record, new Error('x'));
    letters.passed(barrier(8));
    letters.add(record, new Error('x'));
    expect(edge.got).toEqual([{ ...record, epoch: 5 }, 'b5', { ...record, epoch: 6 }, 'b8', { ...record, epoch: 9 }]);
  });

  test('wait for their sink as other rows do', () => {
    const edge = new Edge();
    const letters = new DeadLetters(edge, 1);
    edge.ready = false;
    expect([letters.ready, new DeadLetters(null, 1).ready]).toEqual([false, true]);
  });

  test('without a sink are a failure, with the cause where it is known', () => {
    const cause = new TypeError('x is undefined');
    expect(() => new DeadLetters(null, 1).add(record, cause)).toThrow(
      expect.objectContaining({ code: 'E_RECORD', message: 'no number: x is undefined', cause }),
    );
    expect(() => new DeadLetters(null, 1).passed(barrier(1))).not.toThrow();
  });
});

test('an operator counts what it sets aside, but not what fails the job', () => {
  const counters = new OperatorCounters();
  let refuse = false;
  const context = operatorContext({
    operator: 'parse',
    subtask: 0,
    parallelism: 1,
    generation: generation(1),
    keyGroups: 128,
    ownedGroups: [0, 128],
    clock: new VirtualClock(),
    epochTime: 0,
    logger: silentLogger,
    state: new OperatorState({ operator: 'parse', keyGroups: 128, owned: [0, 128] }),
    counters,
    guarded: false,
    deadLetter: (_, cause) => {
      if (refuse) throw cause;
    },
    wake: () => {},
  });
  context.deadLetter(record, new Error('x'));
  refuse = true;
  expect(() => context.deadLetter(record, new Error('refused'))).toThrow('refused');
  context.count('late', 3);
  context.count('rowsOut', 2);
  expect(counters).toEqual({ late: 3, rowsOut: 2, deadLetters: 1, duplicates: 0 });
});

test('the error of a record that nobody could read says where, why, and how it begins', () => {
  const dead = {
    error: 'no JSON',
    position: 'in.jsonl#7',
    operator: 'source:in',
    bytes: Buffer.from(`{"x": ${'1'.repeat(300)}`),
  };
  expect(recordError('file in.jsonl', dead as never)).toMatchObject({
    code: 'E_RECORD',
    message: expect.stringMatching(/^file in\.jsonl: no JSON \(at in\.jsonl#7\): "\{\\"x\\": 1+" … \(306 bytes\)$/),
  });
});
