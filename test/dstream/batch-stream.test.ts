import { describe, expect, test } from 'vitest';
import type { DStream } from '../../src/dstream/index.ts';
import { batchesOf, running, TestProgram } from './dstream-run.ts';

type Pair = readonly [string, number];
const add = (a: number, b: number): number => a + b;

const sorted = <T>(batches: readonly (readonly T[])[]): string[][] =>
  batches.map((batch) => batch.map((value) => JSON.stringify(value)).sort());

describe('verbs on single values', () => {
  test('map, flatMap and filter keep to their batch', async () => {
    const words = new TestProgram()
      .queue(['to be', 'or'], [], ['not to be'])
      .flatMap((line) => line.split(' '))
      .filter((word) => word !== 'or')
      .map((word) => word.toUpperCase());
    expect(await batchesOf(words, 4)).toEqual([['TO', 'BE'], [], ['NOT', 'TO', 'BE'], []]);
  });

  test('a value may be anything that can be serialized, nothing too', async () => {
    const values = new TestProgram().queue([1]).flatMap(() => [null, { a: [1, 'x'] }, true, new Uint8Array([1])]);
    expect((await batchesOf(values, 1)).flat()).toEqual([null, { a: [1, 'x'] }, true, new Uint8Array([1])]);
  });

  test('union puts batches together', async () => {
    const program = new TestProgram();
    const both = program.queue([1], [2, 3]).union(program.queue<number>([4], [], [5]));
    expect(sorted(await batchesOf(both, 3))).toEqual([['1', '4'], ['2', '3'], ['5']]);
  });
});

describe('a batch', () => {
  test('is what has come since the last one, however often it is asked for by nobody', async () => {
    const { stream, push } = new TestProgram().pushed<string>();
    await using run = await running(stream.countByValue());
    push('a', 'b', 'a');
    await run.advance('400 ms');
    push('a');
    const valuesOf = async (): Promise<unknown[]> => (await run.drain()).map(({ value }) => value);
    expect(await valuesOf()).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    expect(await valuesOf()).toEqual([]);
    push('b');
    await run.crash();
    expect(await valuesOf()).toEqual([['b', 1]]);
  });

  test('of a queue is an element, then empty; one that is added while it runs comes in its turn', async () => {
    const queue = [[1]];
    const program = new TestProgram();
    await using run = await running(program.queue(...queue).union(program.queue()));
    expect(await run.drain()).toEqual([{ value: 1 }]);
    expect(await run.drain()).toEqual([]);
    const later: number[][] = [];
    const { queueRows } = await import('../../src/dstream/queue-stream.ts');
    const { BatchStream } = await import('../../src/dstream/batch-stream.ts');
    await using growing = await running(new BatchStream(program, queueRows(later)) as never);
    expect(await growing.drain()).toEqual([]);
    later.push([7], [8]);
    expect(await growing.drain()).toEqual([{ value: 7 }]);
    await growing.crash();
    expect(await growing.drain()).toEqual([{ value: 8 }]);
  });
});

describe('verbs on pairs', () => {
  test('reduceByKey and countByValue count each batch by itself, keys in the order in which they came', async () => {
    const words = new TestProgram().queue(['b', 'a', 'b'], [], ['a']);
    const counts = words.map((word) => [word, 1]).reduceByKey(add);
    const expected = [
      [
        ['b', 2],
        ['a', 1],
      ],
      [],
      [['a', 1]],
    ];
    expect(await batchesOf(counts, 3)).toEqual(expected);
    expect(await batchesOf(words.countByValue(), 3)).toEqual(expected);
  });

  test('a key may be a list', async () => {
    const counts = new TestProgram()
      .queue([
        ['a', 1],
        ['a', 2],
        ['a', 1],
      ] as const)
      .countByValue();
    expect(await batchesOf(counts, 1)).toEqual([
      [
        [['a', 1], 2],
        [['a', 2], 1],
      ],
    ]);
  });

  test('updateStateByKey is asked for each known key in each batch, gives all of them, and forgets what it gives nothing for', async () => {
    const asked: string[] = [];
    const totals = new TestProgram()
      .queue<Pair>(
        [
          ['a', 1],
          ['b', 2],
          ['a', 3],
        ],
        [],
        [
          ['b', 5],
          ['c', 1],
        ],
        [],
      )
      .updateStateByKey((values, state: number | undefined) => {
        asked.push(`${values.join('+')} on ${state}`);
        const total = values.reduce(add, state ?? 0);
        return total >= 7 ? undefined : total;
      });
    expect(await batchesOf(totals, 4, { crashEvery: 1 })).toEqual([
      [
        ['a', 4],
        ['b', 2],
      ],
      [
        ['a', 4],
        ['b', 2],
      ],
      [
        ['a', 4],
        ['c', 1],
      ],
      [
        ['a', 4],
        ['c', 1],
      ],
    ]);
    expect(asked).toEqual([
      ...['1+3 on undefined', '2 on undefined', ' on 4', ' on 2'],
      ...[' on 4', '5 on 2', '1 on undefined', ' on 4', ' on 1'],
    ]);
  });

  test('join gives each pair of values of a key within a batch', async () => {
    const program = new TestProgram();
    const left = program.queue<Pair>(
      [
        ['a', 1],
        ['a', 2],
        ['b', 3],
      ],
      [['c', 4]],
    );
    const right = program.queue<readonly [string, string]>(
      [
        ['a', 'x'],
        ['a', 'y'],
        ['d', 'z'],
      ],
      [['a', 'x']],
    );
    expect(sorted(await batchesOf(left.join(right), 2))).toEqual(
      sorted([
        [
          ['a', [1, 'x']],
          ['a', [1, 'y']],
          ['a', [2, 'x']],
          ['a', [2, 'y']],
        ],
        [],
      ]),
    );
  });

  test('a result of a batch joins the batch that it is of, also behind another', async () => {
    const words = new TestProgram().queue(['a', 'a', 'b'], ['b'], ['a']);
    const counts = words.countByValue();
    const shares = words
      .map((word) => [word, 1])
      .join(counts)
      .reduceByKey((share) => share);
    expect(sorted(await batchesOf(shares, 3))).toEqual(
      sorted([
        [
          ['a', [1, 2]],
          ['b', [1, 1]],
        ],
        [['b', [1, 1]]],
        [['a', [1, 1]]],
      ]),
    );
  });

  test('what is no pair is refused, in the words of the verb to use', async () => {
    const words = new TestProgram().queue(['a']) as unknown as DStream<Pair>;
    await expect(batchesOf(words.reduceByKey(add), 1)).rejects.toMatchObject({
      message: expect.stringMatching(/a string is no pair/),
    });
  });
});

describe('whole batches', () => {
  test('transform is given each, an empty one too, and its time', async () => {
    const sizes = new TestProgram().queue([1, 2], [], [3]).transform((batch, time) => [batch.length, time > 0]);
    expect(await batchesOf(sizes, 4)).toEqual([
      [2, true],
      [0, true],
      [1, true],
      [0, true],
    ]);
  });

  test('foreachRDD is given each in order, with a time that rises, and the next only when it is done', async () => {
    const program = new TestProgram();
    const seen: [readonly number[], number][] = [];
    let isBusy = false;
    program.queue([1, 2], [], [3]).foreachRDD(async (batch, time) => {
      expect(isBusy).toBe(false);
      isBusy = true;
      await Promise.resolve();
      isBusy = false;
      seen.push([batch, time]);
    });
    await using run = await program.run();
    for (let i = 0; i < 4; i++) {
      await run.checkpoint();
      await run.advance(1000);
    }
    const [first] = seen.map(([, time]) => time);
    expect(seen).toEqual([[1, 2], [], [3], []].map((batch, i) => [batch, first! + i * 1000]));
  });

  test('after a crash the last one may come again, as it was', async () => {
    const program = new TestProgram();
    const seen: string[] = [];
    program.queue([1], [2], [3]).foreachRDD((batch, time) => void seen.push(`${batch.join()} at ${time}`));
    await using run = await program.run();
    for (let i = 0; i < 3; i++) {
      await run.checkpoint();
      await run.crash();
      await run.advance(1000);
    }
    // Of one time there is one batch; a program that was started again begins with a short one.
    const batches = new Map(seen.map((each) => each.split(' at ').reverse() as [string, string]));
    expect(batches.size).toBe(new Set(seen).size);
    expect([...batches.values()].filter((batch) => batch !== '')).toEqual(['1', '2', '3']);
  });

  test('print shows the first ten under the time of the batch, and that there are more', async () => {
    const program = new TestProgram();
    program
      .queue<unknown>(
        [['hello', 1], ['world', [2, 'x']], { a: 1 }, 'text', null],
        [],
        Array.from({ length: 11 }, (_, i) => i),
      )
      .print();
    await using run = await program.run();
    const time = run.clock.now();
    for (let i = 0; i < 3; i++) await run.checkpoint();
    const line = '-------------------------------------------';
    const head = `${line}\nTime: ${time} ms\n${line}\n`;
    expect(program.printed).toBe(
      `${head}(hello,1)\n(world,(2,x))\n{"a":1}\ntext\nnull\n\n${head}\n${head}${[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].join('\n')}\n...\n\n`,
    );
  });

  test('print may show fewer', async () => {
    const program = new TestProgram();
    program.queue([1, 2, 3]).print(2);
    await using run = await program.run();
    await run.checkpoint();
    expect(program.printed).toMatch(/\n1\n2\n\.\.\.\n\n$/);
  });
});

describe('what cannot be', () => {
  const refusal = (build: () => unknown): { code: string; message: string; hint: string } => {
    try {
      build();
    } catch (error) {
      return error as { code: string; message: string; hint: string };
    }
    throw new Error('nothing was refused');
  };
  const program = new TestProgram();
  const stream = program.queue<Pair>([]);

  test.each<[string, () => unknown, RegExp, RegExp?]>([
    [
      'a window between two batches',
      () => stream.window('1500 ms'),
      /^window\(\) length: '1500 ms' is no multiple of the batch interval, 1 second/,
      /2 seconds/,
    ],
    ['a slide between two batches', () => stream.window('2 seconds', '500 ms'), /^window\(\) slide: '500 ms' is no multiple/],
    ['no window at all', () => stream.window('0 seconds'), /length: '0 seconds' is no multiple/],
    [
      'a window of what slides by more',
      () => stream.window('2 seconds', '2 seconds').window('3 seconds'),
      /no multiple of the time by which its stream slides, 2 seconds/,
    ],
    [
      'a reduced window between two batches',
      () => stream.reduceByKeyAndWindow(add, '2 seconds', '1500 ms'),
      /^reduceByKeyAndWindow\(\) slide/,
    ],
    [
      'streams that slide differently',
      () => stream.union(stream.window('2 seconds', '2 seconds')),
      /^union\(\): one of the streams has a batch each 1 intervals, the other each 2/,
      /window\(\)/,
    ],
    [
      'streams of two programs',
      () => stream.join(new TestProgram().queue<Pair>([])),
      /^join\(\): it takes another DStream of the same StreamingContext/,
    ],
    ['no function', () => stream.map(7 as never), /^map\(\): it takes a function, not number/],
    ['no number of rows', () => stream.print(0), /^print\(\): 0 is no number of rows/],
  ])('%s is refused', (_, build, message, hint = /./) => {
    const { code, ...said } = refusal(build);
    expect(code).toBe('E_PLAN');
    expect(refusal(build).message).toMatch(message);
    expect(said.hint ?? '').toMatch(message.source.includes('join') || message.source.includes('map') ? /.*/ : hint);
  });
});
