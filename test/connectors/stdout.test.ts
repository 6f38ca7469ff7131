import { describe, expect, test } from 'vitest';
import { sinkDefinition } from '../../src/api/index.ts';
import { anySchema, type BatchSchema, batchOf, batchSchema } from '../../src/batch/index.ts';
import { stdout, stdoutSinkTo, type StdoutOptions } from '../../src/connectors/index.ts';
import type { SinkContext } from '../../src/operators/index.ts';
import { epochs, kept, permit, sinkContext } from './connector-fixture.ts';

async function printed(
  rows: readonly object[],
  schema: BatchSchema = anySchema,
  options: StdoutOptions = {},
  context: Partial<SinkContext> = {},
  replaced = false,
): Promise<string> {
  const out: string[] = [];
  const writer = await sinkDefinition(stdoutSinkTo((text) => void out.push(text), options) as never, 'test').open(
    sinkContext(context),
    [],
  );
  for (const row of rows) await writer.write(batchOf(schema, [row]));
  const staged = kept(await writer.stage(epochs(7), replaced));
  expect(out).toEqual([]);
  if (staged !== undefined) await writer.commit(permit(7), staged);
  return out.join('');
}

describe('stdout.sink', () => {
  test('prints an aligned table under its epoch and mode, numbers to the right', async () => {
    expect(
      await printed(
        [
          { word: 'the', count: 4 },
          { word: 'a', count: 12 },
        ],
        anySchema,
        {},
        { mode: 'update' },
      ),
    ).toBe(['epoch 7, update: 2 rows', 'word  count', '----  -----', 'the       4', 'a        12', '', ''].join('\n'));
  });

  test('shows times and windows as ISO 8601 and whole, and what is null', async () => {
    const time = { type: { kind: 'timestamp' }, nullable: true } as const;
    const window = {
      name: 'window',
      type: {
        kind: 'struct',
        fields: [
          { name: 'start', ...time },
          { name: 'end', ...time },
        ],
      },
      nullable: false,
    } as const;
    const schema = batchSchema([window, { name: 'at', ...time }]);
    const text = await printed([{ window: { start: 0, end: 1000 }, at: null }], schema);
    expect(text).toContain('{start: 1970-01-01T00:00:00.000Z, end: 1970-01-01T00:00:01.000Z}  null');
  });

  test('cuts long cells, and keeps a row on one line', async () => {
    const text = await printed([{ value: 'x'.repeat(30), other: 'a\nb\u001b[31m' }]);
    expect(text).toContain(`${'x'.repeat(19)}…  a b [31m`);
  });

  test('shows at most so many rows, and counts the others', async () => {
    const text = await printed(
      Array.from({ length: 30 }, (_, n) => ({ n })),
      anySchema,
      { rows: 2 },
    );
    expect(text).toBe('epoch 7, append: 30 rows, 2 of them shown\nn\n-\n0\n1\n\n');
  });

  test('shows every column that a row without a schema has', async () => {
    expect(await printed([{ a: 1 }, { b: true }])).toBe('epoch 7, append: 2 rows\na  b\n-  ----\n1\n   true\n\n');
  });

  test('says when a complete result is empty, and nothing when an epoch is', async () => {
    expect(await printed([], anySchema, {}, { mode: 'complete' }, true)).toBe('epoch 7, complete: 0 rows\n\n');
    expect(await printed([])).toBe('');
  });

  test('takes all modes, at least once, in one writer', () => {
    expect(sinkDefinition(stdout.sink() as never, 'test')).toMatchObject({
      guarantee: 'at-least-once',
      single: true,
      modes: ['append', 'update', 'complete'],
    });
    expect(() => stdout.sink({ rows: 0 })).toThrow(expect.objectContaining({ code: 'E_PLAN' }));
  });
});
