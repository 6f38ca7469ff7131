// verifyOperator finds what it is there to find: operators that look right in one way of running, and are not.
import { describe, expect, test } from 'vitest';
import { BatchBuilder } from '../../src/batch/index.ts';
import { aggregateOperator, type Operator, watermarkOperator } from '../../src/operators/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { OperatorRun, testBarrier } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { aggregateNode, barrier, events, rowsItem, split, tumbling, watermarkNode } from '../operators/operator-fixture.ts';

const rows = rowsItem([1, 2, 3].map((value) => ({ key: 'a', at: value, value })));
const single = (row: object) => {
  const builder = new BatchBuilder(events);
  builder.append(row);
  return builder.build();
};
const verify = (make: () => Operator) => verifyOperator({ subject: () => ({ make }), input: [rows, barrier(), rows, barrier()] });

describe('verifyOperator', () => {
  test('takes an operator that is the same in every way of running', async () => {
    const result = await verify(() => ({ process: (batch, out) => (out.emit(batch), 'done') }));
    expect(result.rows).toHaveLength(6);
  });

  test('O1: finds one that holds rows outside of its state', async () => {
    const forgetful = (): Operator => {
      const held: object[] = [];
      return {
        process(batch, out) {
          for (let i = 0; i < batch.length; i++) held.push(batch.row(i));
          if (held.length > 4) for (const row of held.splice(0)) out.emit(single(row));
          return 'done';
        },
      };
    };
    await expect(verify(forgetful)).rejects.toThrow('restored: every');
  });

  test('finds one whose result depends on the batches', async () => {
    await expect(verify(() => ({ process: (batch, out) => (out.emit(batch.slice(0, 1)), 'done') }))).rejects.toThrow(
      'batches: one',
    );
  });

  test('finds one that begins again where it should go on', async () => {
    const restless: Operator = {
      process(batch, out) {
        for (let i = 0; i < batch.length; i++) {
          out.emit(batch.slice(i, i + 1));
          if (out.full === true)
            return i + 1 < batch.length ? this.process(batch.slice(i + 1, batch.length), out, () => 0) : 'done';
        }
        return 'done';
      },
    };
    const repeating = (): Operator => {
      let asked = 0;
      return { process: (batch, out) => (out.emit(batch), out.full === true && asked++ === 0 ? 'more' : 'done') };
    };
    await verify(() => restless);
    await expect(verify(repeating)).rejects.toThrow('outbox: refuses');
  });

  test('finds rows that are not the expected ones', async () => {
    await expect(
      verifyOperator({
        subject: () => ({ make: () => ({ process: () => 'done' }) }),
        input: [rows],
        output: { main: [{ key: 'a' }] },
      }),
    ).rejects.toThrow('batches: full');
  });
});

describe('operators', () => {
  const runOf = (make: () => Operator) => new OperatorRun({ make, blobs: openMemoryStores().blobs, clock: new VirtualClock() });

  test('O2: rows go out before the watermark that they cause', () => {
    const order: string[] = [];
    const operator = watermarkOperator(watermarkNode(0));
    const out = {
      emit: () => void order.push('rows'),
      watermark: (at: number) => void order.push(`watermark ${at}`),
      idle: () => undefined,
    };
    for (const item of [split('s', 'active'), rows]) {
      if (item.kind === 'split') operator.onSplit!(item.event, out);
      else if (item.kind === 'rows') operator.process(item.batch, out, () => -Infinity);
    }
    expect(order).toEqual(['rows', 'watermark 3']);
  });

  test('O3: taking a snapshot changes nothing: the next one is the same', async () => {
    const run = runOf(() =>
      aggregateOperator(aggregateNode({ window: tumbling(10) }), [{ port: 'update', mode: 'update', everyMs: 0 }]),
    );
    await run.feed(rows);
    const first = await run.barrier(testBarrier(1));
    expect(run.operator.snapshot!()).toEqual(run.operator.snapshot!());
    const second = await run.barrier({ ...testBarrier(2) });
    expect(second.value).toEqual(first.value);
    expect(run.emitted).toHaveLength(1);
  });
});
