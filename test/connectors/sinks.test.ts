// The sink contract, on every sink.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sinkDefinition, t, type Sink } from '../../src/api/index.ts';
import { defineSink, file, foreachBatch, memorySink, stdoutSinkTo } from '../../src/connectors/index.ts';
import { anySchema, type Batch, batchOf, batchSchema, rowKind } from '../../src/batch/index.ts';
import { epoch, generation } from '../../src/core/index.ts';
import type { SinkContext } from '../../src/operators/index.ts';
import { folder, sinkContext } from './connector-fixture.ts';
import { sinkContract } from './sink-contract.ts';

const definition = (sink: Sink<any, any>) => sinkDefinition(sink, 'test');

/** What a reader of the folder sees: no hidden files. */
function contents(path: string): Record<string, string> {
  const names = existsSync(path) ? readdirSync(path).filter((name) => !name.startsWith('.')) : [];
  return Object.fromEntries(names.toSorted().map((name) => [name, readFileSync(join(path, name), 'utf8')]));
}

describe('file.sink, one file', () => {
  sinkContract(() => {
    const path = join(folder(), 'deep/er/out.jsonl');
    return { sink: () => definition(file.sink({ path })), visible: () => (existsSync(path) ? readFileSync(path, 'utf8') : '') };
  });
});

describe('file.sink, a folder of parts', () => {
  sinkContract(() => {
    const path = join(folder(), 'out');
    return { sink: () => definition(file.sink({ path })), visible: () => contents(path) };
  });
});

describe('file.sink, with what happens to rows', () => {
  sinkContract(() => {
    const path = join(folder(), 'out');
    return { sink: () => definition(file.sink({ path, op: 'op' })), visible: () => contents(path) };
  });

  const kinds = Uint8Array.of(rowKind.delete, rowKind.update, rowKind.updateBefore, rowKind.insert, rowKind.update);
  const rows = [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }];
  const numbers = batchSchema([{ name: 'n', type: { kind: 'float64' }, nullable: false }]);
  const plain = (batch: Batch): Batch => batch;
  test.each([
    ['rows of columns', numbers, plain, ['1-D', '2+U', '3-U', '4+I', '5+U']],
    ['some of them', numbers, (batch: Batch) => batch.select(Int32Array.of(1, 2, 4)), ['2+U', '3-U', '5+U']],
    ['rows without a schema', anySchema, plain, ['1-D', '2+U', '3-U', '4+I', '5+U']],
    ['some of those', anySchema, (batch: Batch) => batch.select(Int32Array.of(0, 3)), ['1-D', '4+I']],
  ] as const)('says it of %s, behind their own columns', async (_, schema, chosen, expected) => {
    for (const name of ['out.jsonl', 'out']) {
      const path = join(folder(), name);
      const writer = await definition(file.sink({ path, op: 'what' })).open(sinkContext(), []);
      await writer.write(chosen(batchOf(schema, rows, { kinds })));
      await writer.commit({ epoch: epoch(1), generation: generation(1) }, await writer.stage(epoch(1), false));
      await writer.close?.();
      const lines = expected.map((each) => `{"n":${each[0]},"what":"${each.slice(1)}"}\n`).join('');
      expect(name === 'out' ? Object.values(contents(path)) : [readFileSync(path, 'utf8')]).toEqual([lines]);
    }
  });

  test('of batches without kinds each row is new', async () => {
    const path = join(folder(), 'out.jsonl');
    const writer = await definition(file.sink({ path, op: 'op' })).open(sinkContext(), []);
    await writer.write(batchOf(numbers, [{ n: 1 }]));
    await writer.commit({ epoch: epoch(1), generation: generation(1) }, await writer.stage(epoch(1), false));
    expect(readFileSync(path, 'utf8')).toBe('{"n":1,"op":"+I"}\n');
  });
});

describe('memorySink', () => {
  sinkContract(() => {
    const sink = memorySink();
    return { sink: () => definition(sink), visible: () => sink.rows };
  });
});

describe('foreachBatch, into a store that keeps the epoch with the rows', () => {
  sinkContract(() => {
    const stored = new Map<number, readonly object[]>();
    const sink = foreachBatch(async (rows, epoch) => void stored.set(epoch, rows));
    return { sink: () => definition(sink), visible: () => [...stored].map(([epoch, rows]) => ({ epoch, rows })) };
  });

  test('is told apart what is taken back', async () => {
    const told: object[] = [];
    const sink = definition(foreachBatch(async (rows, epoch, { deleted }) => void told.push({ epoch, rows, deleted })));
    const writer = await sink.open({ signal: new AbortController().signal } as SinkContext, []);
    const kinds = Uint8Array.of(rowKind.delete, rowKind.update, rowKind.updateBefore, rowKind.insert);
    const rows = [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }];
    await writer.write(batchOf(batchSchema([{ name: 'n', type: { kind: 'float64' }, nullable: false }]), rows, { kinds }));
    await writer.commit({ epoch: epoch(3), generation: generation(1) }, await writer.stage(epoch(3), false));
    expect(told).toEqual([{ epoch: 3, rows: [{ n: 2 }, { n: 4 }], deleted: [{ n: 1 }, { n: 3 }] }]);
  });
});

describe('stdout.sink', () => {
  sinkContract(
    () => {
      const printed: string[] = [];
      return { sink: () => definition(stdoutSinkTo((text) => void printed.push(text))), visible: () => [...printed] };
    },
    { repeats: true },
  );
});

describe('defineSink, files by rename', () => {
  sinkContract(() => {
    const path = folder();
    const sink = defineSink<object, { temporary: string; final: string } | null>({
      name: 'files',
      guarantee: 'exactly-once',
      staged: t.any(),
      async open({ subtask, generation }) {
        let lines: string[] = [];
        return {
          write: (rows) => void lines.push(...rows.map((row) => JSON.stringify(row))),
          async stage(epoch) {
            if (lines.length === 0) return null;
            const staged = {
              temporary: join(path, `.${epoch}-${subtask}.${generation}`),
              final: join(path, `from-${(JSON.parse(lines[0]!) as { n: number }).n}.jsonl`),
            };
            writeFileSync(staged.temporary, `${lines.join('\n')}\n`);
            lines = [];
            return staged;
          },
          async commit(_permit, staged) {
            if (staged !== null && existsSync(staged.temporary)) renameSync(staged.temporary, staged.final);
          },
        };
      },
    });
    return { sink: () => definition(sink), visible: () => contents(path) };
  });
});
