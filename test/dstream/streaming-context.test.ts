// Programs of DStreams on the real clock, with their state on disk: nothing waits but for what happens.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { StreamingContext } from '../../src/dstream/index.ts';

const folders: string[] = [];
const folder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'weir-dstream-')));
  return folders.at(-1)!;
};
const contexts: StreamingContext[] = [];
const context = (...options: ConstructorParameters<typeof StreamingContext>): StreamingContext => {
  contexts.push(new StreamingContext(...options));
  return contexts.at(-1)!;
};
afterEach(async () => {
  for (const ssc of contexts.splice(0)) await ssc.stop().catch(() => {}); // a test has seen how it ended
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** Batches as they come, until one of them is what is waited for. */
function watched<T>(): {
  readonly batches: T[][];
  take(batch: readonly T[]): void;
  until(is: (batches: T[][]) => boolean): Promise<void>;
} {
  const batches: T[][] = [];
  let check = (): void => {};
  return {
    batches,
    take(batch) {
      batches.push([...batch]);
      check();
    },
    until: (is) =>
      new Promise((resolve) => {
        check = () => void (is(batches) && resolve());
        check();
      }),
  };
}
const full = <T>(batches: readonly T[][]): T[][] => batches.filter((batch) => batch.length > 0);
const add = (a: number, b: number): number => a + b;

describe('a program', () => {
  test('takes a batch each interval until it is stopped, and leaves nothing behind without a checkpoint directory', async () => {
    const before = new Set(readdirSync(tmpdir()));
    const ssc = context('20 ms', { appName: 'counts-of-words' });
    const seen = watched<readonly [string, number]>();
    ssc
      .queueStream([['a', 'b', 'a'], [], ['b']])
      .countByValue()
      .foreachRDD(seen.take);
    await ssc.start();
    let isOver = false;
    const over = ssc.awaitTermination().then(() => (isOver = true));
    await seen.until(({ length }) => length >= 5);
    expect(seen.batches.slice(0, 5)).toEqual([
      [
        ['a', 2],
        ['b', 1],
      ],
      [],
      [['b', 1]],
      [],
      [],
    ]);
    expect(isOver).toBe(false);
    await ssc.stop();
    await over;
    const left = readdirSync(tmpdir()).filter((name) => !before.has(name) && /^weir-\w{6}$/.test(name));
    expect(left.filter((name) => existsSync(join(tmpdir(), name, 'counts-of-words')))).toEqual([]);
  });

  test('with a checkpoint directory goes on, with its state, from its last batch', async () => {
    const directory = folder();
    const life = async (until: number, graceful: boolean): Promise<(readonly [string, number])[][]> => {
      const ssc = context('20 ms', { appName: 'totals' });
      ssc.checkpoint(directory);
      const seen = watched<readonly [string, number]>();
      ssc
        .queueStream(Array.from({ length: 200 }, (): [string, number][] => [['a', 1]]))
        .updateStateByKey((values, state: number | undefined) => values.reduce(add, state ?? 0))
        .foreachRDD(seen.take);
      await ssc.start();
      await seen.until(({ length }) => length >= until);
      await ssc.stop({ graceful });
      return seen.batches;
    };
    const all = [...(await life(3, false)), ...(await life(3, true)), ...(await life(2, false))].flat();
    const totals = all.map(([, total]) => total);
    // One that was ended as by a crash may be given again.
    expect([...new Set(totals)]).toEqual(Array.from({ length: totals.at(-1)! }, (_, i) => i + 1));
    expect(totals.length - new Set(totals).size).toBeLessThanOrEqual(2);
  });

  test('that is stopped gracefully has what arrived as its last batch; otherwise that is of the next start', async () => {
    const directory = folder();
    const life = async (graceful: boolean): Promise<number[]> => {
      const ssc = context('1 hour', { appName: 'hourly', stateDir: directory });
      const seen = watched<number>();
      ssc.queueStream([[1], [2], [3]]).foreachRDD(seen.take);
      await ssc.start();
      await ssc.stop({ graceful });
      return seen.batches.flat();
    };
    const lives = [await life(false), await life(true), await life(false), await life(true)];
    expect(lives.slice(0, 2)).toEqual([[], [1]]);
    // Whether the last batch had come out is known with the next one: it may come again.
    expect([1, 2].slice(-lives[3]!.length)).toEqual(lives[3]);
  });

  test('ends when its signal is aborted, with what arrived as its last batch', async () => {
    const abort = new AbortController();
    const ssc = context('1 hour', { signal: abort.signal });
    const seen = watched<number>();
    ssc.queueStream([[1]]).foreachRDD(seen.take);
    await ssc.start();
    abort.abort();
    await ssc.awaitTermination();
    expect(seen.batches).toEqual([[1]]);
  });

  test('may be stopped in the middle of a batch, by what is done with it', async () => {
    const ssc = context('20 ms');
    const seen: number[] = [];
    ssc.queueStream([[1], [2], [3]]).foreachRDD((batch) => {
      seen.push(...batch);
      if (seen.length === 2) void ssc.stop({ graceful: true });
    });
    await ssc.start();
    await ssc.awaitTermination();
    expect(seen.slice(0, 2)).toEqual([1, 2]);
  });

  test('whose function throws is tried again, and then over', { timeout: 60_000 }, async () => {
    const ssc = context('20 ms');
    ssc
      .queueStream([[1]])
      .map((): number => {
        throw new RangeError('no number is good enough');
      })
      .print();
    await ssc.start();
    await expect(ssc.awaitTermination()).rejects.toMatchObject({
      message: expect.stringMatching(/streaming-context\.test\.ts.*no number is good enough/),
    });
    await expect(ssc.stop()).rejects.toMatchObject({ message: expect.stringMatching(/no number is good enough/) });
  });

  test('counts the lines of a socket, each once', async () => {
    const server = new LineServer();
    const port = await server.listen();
    const ssc = context('20 ms');
    const seen = watched<readonly [string, number]>();
    ssc
      .socketTextStream('127.0.0.1', port)
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .reduceByKey(add)
      .foreachRDD(seen.take);
    await ssc.start();
    await server.send('to be or', 'not to be');
    const counts = (): Map<string, number> => {
      const sums = new Map<string, number>();
      for (const [word, n] of seen.batches.flat()) sums.set(word, (sums.get(word) ?? 0) + n);
      return sums;
    };
    await seen.until(() => [...counts().values()].reduce(add, 0) === 6);
    expect([...counts()].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['be', 2],
      ['not', 1],
      ['or', 1],
      ['to', 2],
    ]);
    await ssc.stop({ graceful: true });
    await server.close();
    expect(full(seen.batches).length).toBeGreaterThan(0);
  });
});

/** Whoever connects gets the lines. */
class LineServer {
  readonly #server: Server = createServer();
  readonly #connected = new Promise<Socket>((resolve) => this.#server.once('connection', resolve));

  listen(): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as { port: number }).port)),
    );
  }
  async send(...lines: string[]): Promise<void> {
    const socket = await this.#connected;
    socket.on('error', () => undefined);
    socket.write(lines.map((line) => `${line}\n`).join(''));
  }
  async close(): Promise<void> {
    (await this.#connected).destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('what cannot be', () => {
  const printing = (ssc: StreamingContext): StreamingContext => {
    ssc.queueStream([[1]]).foreachRDD(() => {});
    return ssc;
  };

  test.each<[string, () => unknown, string, RegExp]>([
    ['an interval without a unit', () => context('2' as never), 'E_PLAN', /^batch interval: '2' is not a duration/],
    ['no interval at all', () => context('0 seconds'), 'E_PLAN', /not longer than nothing/],
    ['a trigger', () => context('1 second', { trigger: 'once' }), 'E_USAGE', /^StreamingContext: a `trigger` is not for it/],
    ['another transport', () => context('1 second', { transport: 'spawn' }), 'E_USAGE', /not on the transport 'spawn'/],
    ['a port that is none', () => context('1 second').socketTextStream('localhost', 70_000), 'E_PLAN', /70000 is no port/],
    ['no queue', () => context('1 second').queueStream('abc' as never), 'E_PLAN', /^queueStream\(\): it takes an array/],
  ])('%s is refused', (_, build, code, message) => {
    expect(build).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  test('to start what does nothing, or has no proper name', async () => {
    const idle = context('1 second');
    idle.queueStream([[1]]);
    await expect(idle.start()).rejects.toMatchObject({
      code: 'E_PLAN',
      message: expect.stringMatching(/nothing is done with any batch/),
    });
    await expect(printing(context('1 second', { appName: 'Word Count' })).start()).rejects.toMatchObject({
      message: expect.stringMatching(/'Word Count' cannot be the name/),
    });
  });

  test('to start twice, or after it was stopped, or to choose a directory then', async () => {
    const ssc = printing(context('1 hour'));
    await ssc.start();
    await expect(ssc.start()).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringMatching(/was started already/) });
    expect(() => ssc.checkpoint('x')).toThrow(/was started already/);
    await ssc.stop();
    await expect(ssc.start()).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringMatching(/was stopped already/) });
    const never = printing(context('1 hour'));
    await never.stop();
    await never.awaitTermination();
  });

  test('two programs in one directory at a time', async () => {
    const directory = folder();
    const [one, other] = [1, 2].map(() => printing(context('1 hour', { stateDir: directory })));
    await one!.start();
    await expect(other!.start()).rejects.toMatchObject({ code: 'E_RUNNING' });
  });
});
