import { describe, expect, test } from 'vitest';
import { sinkDefinition } from '../../src/api/index.ts';
import { memorySink } from '../../src/connectors/index.ts';
import { batch, epochs, permit, sinkContext } from './connector-fixture.ts';

describe('memorySink', () => {
  test('hands the rows of each epoch over once, as they are committed', async () => {
    const seen: [number, readonly object[]][] = [];
    const sink = memorySink({ onCommit: (rows, epoch) => void seen.push([epoch, rows]) });
    const writer = await sinkDefinition(sink, 'test').open(sinkContext(), []);
    await writer.write(batch({ n: 1 }));
    const one = await writer.stage(epochs(3), false);
    for (let i = 0; i < 2; i++) await writer.commit(permit(3), one);
    expect(seen).toEqual([[3, [{ n: 1 }]]]);
  });

  test('holds the last result in mode complete, also when that is empty', async () => {
    const sink = memorySink();
    const writer = await sinkDefinition(sink, 'test').open(sinkContext({ mode: 'complete' }), []);
    for (const [epoch, rows] of [
      [1, [{ n: 1 }, { n: 2 }]],
      [2, [{ n: 3 }]],
      [3, []],
    ] as const) {
      if (rows.length > 0) await writer.write(batch(...rows));
      await writer.commit(permit(epoch), await writer.stage(epochs(epoch), true));
      expect(sink.rows).toEqual(rows);
    }
  });

  test('is empty again for a job that starts anew', async () => {
    const sink = memorySink();
    const definition = sinkDefinition(sink, 'test');
    for (let job = 0; job < 2; job++) {
      const writer = await definition.open(sinkContext({ fresh: true }), []);
      expect(sink.rows).toEqual([]);
      await writer.write(batch({ job }));
      await writer.commit(permit(1), await writer.stage(epochs(1), false));
      expect(sink.rows).toEqual([{ job }]);
    }
    await definition.open(sinkContext({ fresh: false }), []);
    expect(sink.rows).toEqual([{ job: 1 }]);
  });
});
