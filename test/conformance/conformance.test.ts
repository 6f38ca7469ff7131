import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { count, schema, state, type Stream, t, timestamp, window } from 'weir';
import { casesIn } from './case.ts';
import definitions from './definitions/index.ts';
import { type CaseResult, conformance, type Definitions, definitionsOf, resultOf } from './run.ts';

// ── the cases that lie beside this repository, where they do

const cases = join(import.meta.dirname, '../../../shared/cases');

for (const [folder, whose] of [
  ['spark', "Spark's own cases"],
  ['nexmark', 'Nexmark over 20,000 events'],
] as const) {
  const beside = join(cases, folder);
  describe.skipIf(!existsSync(beside))(whose, () => {
    for (const of of existsSync(beside) ? casesIn(beside) : []) {
      if (definitions[of.id] === undefined) continue;
      test(of.id, async () => {
        const { result, reason } = await resultOf(of, definitions);
        const isWell = result === 'passed' || (result === 'skipped' && of.mayDiffer !== undefined);
        expect({ isWell, reason }).toMatchObject({ isWell: true });
      });
    }
  });
}

// ── the runner itself

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

interface Made {
  readonly steps: readonly object[];
  readonly inputs?: readonly object[];
  readonly output?: readonly string[];
  readonly [field: string]: unknown;
}
const ints = (name = 'input') => ({ name, schema: [{ name: 'value', type: 'INT' }] });
const add = (...values: readonly unknown[]) => ({ op: 'add', input: 'input', rows: values.map((value) => [value]) });

async function outcomeOf(
  { steps, inputs = [ints()], output = ['value'], ...rest }: Made,
  define: Definitions[string],
): Promise<CaseResult> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-cases-'));
  folders.push(folder);
  writeFileSync(join(folder, 'made.json'), JSON.stringify({ id: 'made/one', inputs, query: { output }, steps, ...rest }));
  const { results } = await conformance(folder, { one: define! });
  return results[0]!;
}

const asTheyAre: Definitions[string] = ({ input }) => input!;
const perTenSeconds: Definitions[string] = ({ input }) =>
  timedOf(input!)
    .groupBy(window('at', '10 seconds'))
    .count()
    .map((row) => ({ start: row.window.start / 1000, count: row.count }));
const windowed = { output: ['start', 'count'] };
const passed = { result: 'passed', runs: { plain: 'passed', killed: 'passed', parallel3: 'passed' } };

describe('a case', () => {
  test('is found by its id, with or without its folder, and failed without a definition', async () => {
    const one = {
      id: 'made/one',
      outputMode: 'append',
      inputs: [ints()],
      output: ['value'],
      steps: [],
      mayDiffer: undefined,
    } as const;
    expect(await resultOf(one, { 'made/one': asTheyAre! })).toMatchObject(passed);
    expect(await resultOf(one, { one: asTheyAre! })).toMatchObject(passed);
    expect(await resultOf(one, {})).toMatchObject({ result: 'failed', reason: 'it has no definition' });
  });

  test('holds the watermark during a step, then raises it and closes what that closes', async () => {
    const steps = [
      add(1, 30, 2),
      { op: 'expectNew', rows: [[0, 2]] },
      { op: 'expectWatermarkMs', ms: 25_000 },
      add(3, 31),
      { op: 'expectNew', rows: [] },
      { op: 'expectState', droppedByWatermark: [1] },
      { op: 'expectEventTimeStats', minSec: 3, maxSec: 31, avgSec: 17, watermarkSecUsedByBatch: 25 },
    ];
    expect(await outcomeOf({ steps, ...windowed }, perTenSeconds)).toMatchObject({ ...passed, reason: '' });
  });

  test('with several inputs has the least watermark of all, 0 until each has data', async () => {
    const both: Definitions[string] = ({ a, b }) => timedOf(a!).union(timedOf(b!)).groupBy(window('at', '10 seconds')).count();
    const steps = [
      { op: 'addTogether', data: { a: [[40]] } },
      { op: 'expectWatermarkMs', ms: 0 },
      { op: 'addTogether', data: { b: [[20]] } },
      { op: 'expectWatermark', at: '1970-01-01T00:00:15Z' },
      { op: 'restart' },
      { op: 'expectWatermarkMs', ms: 15_000 },
    ];
    expect(await outcomeOf({ steps, inputs: [ints('a'), ints('b')] }, both)).toMatchObject(passed);
  });

  test('may name an input that is not declared: it is the next one that no step names', async () => {
    const steps = [
      { op: 'addTogether', data: { left: [[1]], b: [[2]] } },
      { op: 'expectAll', rows: [[1], [2]] },
    ];
    const inputs = [ints('a'), ints('b')];
    expect(await outcomeOf({ steps, inputs }, ({ a, b }) => a!.union(b!))).toMatchObject(passed);
    const more = { op: 'add', input: 'third', rows: [[3]] };
    const { reason } = await outcomeOf({ steps: [...steps, more], inputs }, ({ a, b }) => a!.union(b!));
    expect(reason).toContain("its steps name the input 'third', and its inputs are a, b");
  });

  test('stops, starts, and reads what was added meanwhile', async () => {
    const steps = [
      add(1),
      { op: 'stop' },
      add(2),
      { op: 'start' },
      { op: 'expectNew', rows: [[1], [2]] },
      { op: 'restart' },
      add(3),
      { op: 'expectAll', rows: [[1], [2], [3]] },
      { op: 'expectLastBatch', rows: [[3]], ordered: true },
    ];
    expect(await outcomeOf({ steps }, asTheyAre)).toMatchObject(passed);
  });

  test('runs one batch for each start that says once', async () => {
    const steps = [
      { op: 'start', trigger: 'once' },
      add(1, 30),
      { op: 'expectNew', rows: [] },
      { op: 'start', trigger: 'once' },
      { op: 'expectNew', rows: [] },
      add(31),
      { op: 'start', trigger: 'once' },
      { op: 'expectNew', rows: [[0, 1]] },
    ];
    expect(await outcomeOf({ steps, ...windowed }, perTenSeconds)).toMatchObject(passed);
  });

  test('under a clock that is moved by hand runs a batch when it moves', async () => {
    const steps = [
      { op: 'start', trigger: 'processingTime 1 second', manualClock: true },
      add(1),
      add(2),
      { op: 'expectNew', rows: [] },
      { op: 'advanceProcessingTimeMs', ms: 1000 },
      { op: 'expectLastBatch', rows: [[2], [1]] },
    ];
    expect(await outcomeOf({ steps }, asTheyAre)).toMatchObject(passed);
  });

  test('that fails is started again from its last checkpoint', async () => {
    const failing: Definitions[string] = ({ input }) => {
      let failed = false;
      return input!.map((row: { value: number }) => {
        if (failed) return row;
        failed = true;
        throw new Error('on purpose');
      });
    };
    const rest = [{ op: 'start' }, { op: 'expectLastBatch', rows: [[7]] }];
    expect(await outcomeOf({ steps: [add(7), { op: 'expectFailure' }, ...rest] }, failing)).toMatchObject(passed);
    expect((await outcomeOf({ steps: [add(7), ...rest.slice(1)] }, failing)).reason).toContain('on purpose');
    expect((await outcomeOf({ steps: [add(7), { op: 'expectFailure' }] }, asTheyAre)).reason).toContain('should have failed');
  });

  test('runs a batch again whose commit was lost', async () => {
    const steps = [
      add(1, 30),
      { op: 'stop' },
      { op: 'crashAfterLastBatch' },
      { op: 'start' },
      { op: 'expectLastBatch', rows: [[0, 1]] },
      add(40),
      { op: 'expectNew', rows: [] },
      add(45),
      { op: 'expectAll', rows: [[30, 1]] },
    ];
    expect(await outcomeOf({ steps, ...windowed }, perTenSeconds)).toMatchObject(passed);
    // A function that gives another answer each time is found out.
    let calls = 0;
    const unsteady: Definitions[string] = ({ input }) => input!.map(() => ({ value: calls++ }));
    const again = [add(1), { op: 'crashAfterLastBatch' }, { op: 'start' }];
    expect((await outcomeOf({ steps: again }, unsteady)).reason).toContain('the last batch gave other rows when it ran again');
  });

  test('compares times as times, nulls and nested values as they are, and rows as a multiset', async () => {
    const inputs = [
      {
        name: 'input',
        schema: [
          { name: 'at', type: 'TIMESTAMP' },
          { name: 'n', type: 'INT' },
          { name: 'tags', type: 'ARRAY<STRING>' },
        ],
      },
    ];
    const rows = [
      ['2024-01-01T00:00:00Z', null, ['a']],
      ['2024-01-01T00:00:01Z', 2, []],
    ];
    const steps = [
      { op: 'add', input: 'input', rows },
      {
        op: 'expectNew',
        rows: [
          [1_704_067_201_000, 2, []],
          ['2024-01-01 00:00:00', null, ['a']],
        ],
      },
    ];
    expect(await outcomeOf({ steps, inputs, output: ['at', 'n', 'tags'] }, asTheyAre)).toMatchObject(passed);
    const twice = [add(1), { op: 'expectNew', rows: [[1], [1]] }];
    expect((await outcomeOf({ steps: twice }, asTheyAre)).reason).toBe('plain: step 2, expectNew: missing [1]');
  });

  test('that is not kept in state differs when it is killed', async () => {
    const inMemory: Definitions[string] = ({ input }) => {
      let n = 0;
      return input!.map(() => ({ value: ++n }));
    };
    const { runs } = await outcomeOf({ steps: [add(5), add(5), { op: 'expectAll', rows: [[1], [2]] }] }, inMemory);
    expect(runs).toEqual({ plain: 'passed', killed: 'failed', parallel3: 'passed' });
  });

  test('whose answer follows from the order of keys differs in three subtasks', async () => {
    const anyFirst: Definitions[string] = ({ input }) =>
      (input as Stream<{ value: number }>)
        .keyBy('value')
        .process({ emits: schema({ value: t.int }), onRow: (row, { emit }) => emit(row) })
        .keyBy(() => 0)
        .process({
          state: { n: state.value(t.number) },
          emits: schema({ value: t.int }),
          onRow({ value }, { state: { n }, emit }) {
            const place = (n.get() ?? 0) + 1;
            n.set(place);
            emit({ value: value * 100 + place });
          },
        });
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const steps = [add(...values), { op: 'expectAll', rows: values.map((value, i) => [value * 100 + i + 1]) }];
    expect((await outcomeOf({ steps }, anyFirst)).runs).toMatchObject({ plain: 'passed', parallel3: 'failed' });
  });

  test('may differ where it says so itself, and is then skipped with the reason', async () => {
    const steps = [add(1), { op: 'expectNew', rows: [[2]] }];
    const granular = await outcomeOf({ steps, batchGranular: true }, asTheyAre);
    expect(granular.result).toBe('skipped');
    expect(granular.reason).toContain('once per key and micro-batch');
    expect((await outcomeOf({ steps, notes: 'Spark compatibility mode' }, asTheyAre)).result).toBe('skipped');
    expect((await outcomeOf({ steps, notes: 'from Spark' }, asTheyAre)).result).toBe('failed');
  });

  test('that cannot be understood says what is wrong', async () => {
    const wrong = async (steps: readonly object[], define = asTheyAre, rest: object = {}): Promise<string> =>
      (await outcomeOf({ steps, ...rest }, define)).reason;
    expect(await wrong([{ op: 'expectRain' }])).toContain(
      "the step 'expectRain' is not known: there are add, addTogether, start",
    );
    expect(await wrong([{ op: 'start', trigger: 'sometimes' }])).toContain('a trigger "sometimes" is not known');
    expect(await wrong([{ op: 'crashAfterLastBatch' }])).toContain('no batch has run whose commit could be lost');
    expect(await wrong([{ op: 'expectMetric', name: 'rain', value: 1 }])).toContain('nothing that is called rain');
    expect(await wrong([add(1), { op: 'expectNew', rows: [] }], asTheyAre, { output: ['other'] })).toContain(
      "the result has no column 'other': its columns are value",
    );
    expect(await wrong([{ op: 'add', input: 'input', rows: [[1, 2]] }])).toContain('more values than it has columns');
    expect(await wrong([add(1)], ({ input }) => input!.groupBy('value').count())).toContain(
      'append writes a row once it is final',
    );
    expect(() => definitionsOf({ one: 1 }, 'mine.ts')).toThrow('mine.ts: its default export must be');
  });

  test('takes its mode from the definition, or else from the case', async () => {
    const steps = [add(1, 1), add(1), { op: 'expectAll', rows: [[1, 3]] }];
    const counted: Definitions[string] = ({ input }) => (input as Stream<{ value: number }>).groupBy('value').agg({ n: count() });
    const of = { steps, output: ['value', 'n'] };
    expect(await outcomeOf({ ...of, outputMode: 'complete' }, counted)).toMatchObject(passed);
    expect(await outcomeOf(of, (inputs) => ({ stream: counted!(inputs) as Stream<object>, mode: 'complete' }))).toMatchObject(
      passed,
    );
  });
});

function timedOf(input: Stream<any>) {
  return (input as Stream<{ value: number }>)
    .map(({ value }) => ({ at: timestamp(value * 1000) }), schema({ at: t.timestamp }))
    .withWatermark('at', '5 seconds');
}
