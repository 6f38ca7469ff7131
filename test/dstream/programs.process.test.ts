// Programs of DStreams as a user runs them: Node, and the package by its name. Killed without warning, and started again.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Folder, Program, root } from '../service/weir-process.ts';

class LineServer {
  readonly #server: Server = createServer();
  readonly #sockets: Socket[] = [];
  readonly #waiting: ((socket: Socket) => void)[] = [];

  listen(): Promise<number> {
    this.#server.on('connection', (socket) => {
      socket.on('error', () => undefined).resume(); // whoever was killed is gone
      this.#sockets.push(socket);
      this.#waiting.shift()?.(socket);
    });
    return new Promise((resolve) =>
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as { port: number }).port)),
    );
  }
  /** The next that connects. */
  connected(): Promise<Socket> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const open: (LineServer | Folder)[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await (each instanceof Folder ? each[Symbol.dispose]() : each.close());
});

async function server(): Promise<LineServer & { port: number }> {
  const lines = new LineServer();
  open.push(lines);
  return Object.assign(lines, { port: await lines.listen() });
}

/** A folder with a program in it, in which weir was installed. */
function program(text: string): () => Program {
  const folder = new Folder({ 'package.json': '{ "type": "module" }', 'program.ts': text });
  open.push(folder);
  mkdirSync(join(folder.path, 'node_modules'));
  symlinkSync(root, join(folder.path, 'node_modules/weir'));
  writeFileSync(join(folder.path, 'tsconfig.json'), '{}');
  return () => new Program(process.execPath, ['--import', import.meta.resolve('tsx'), 'program.ts'], folder.path);
}

/** The pairs that were printed, in their order. */
const pairsIn = (stdout: string): [string, number][] =>
  [...stdout.matchAll(/^\((\w+),(\d+)\)$/gm)].map(([, key, value]) => [key!, Number(value)]);

function summed(pairs: readonly (readonly [string, number])[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [key, value] of pairs) sums[key] = (sums[key] ?? 0) + value;
  return sums;
}

test('the word count of the article counts the words of each batch', async () => {
  const lines = await server();
  const example = readFileSync(join(root, 'examples/word-count-dstream.ts'), 'utf8');
  const connected = lines.connected();
  const life = program(example.replace("'localhost', 9999", `'127.0.0.1', ${lines.port}`))();
  const socket = await connected;
  socket.write('to be or\nnot to be\n');
  await life.says(/^\(be,\d\)$/m);
  socket.write('that is\n');
  await life.says(/^\(is,1\)$/m);
  life.child.kill('SIGKILL');
  const { stdout } = await life.ended;
  expect(summed(pairsIn(stdout))).toEqual({ to: 2, be: 2, or: 1, not: 1, that: 1, is: 1 });
  const [first, second] = [...stdout.matchAll(/^-{43}\nTime: (\d+) ms\n-{43}\n/gm)].map(([, time]) => Number(time));
  expect(second! - first!).toBeGreaterThan(900);
});

test('a count of all words goes on from its checkpoint directory, however often it is killed', async () => {
  const lines = await server();
  const start = program(`
    import { StreamingContext } from 'weir/dstream';
    const ssc = new StreamingContext('50 ms', { appName: 'counts' });
    ssc.checkpoint('state');
    ssc.socketTextStream('127.0.0.1', ${lines.port})
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .updateStateByKey((ones: readonly number[], count: number | undefined) => ones.reduce((a, b) => a + b, count ?? 0))
      .print();
    await ssc.start();
    await ssc.awaitTermination();
  `);
  for (let n = 1; n <= 4; n++) {
    const connected = lines.connected();
    const life = start();
    (await connected).write('to be\nor not to be\n');
    await life.says(new RegExp(`^\\(be,${2 * n}\\)$`, 'm'));
    life.child.kill('SIGKILL');
    const { stdout, stderr } = await life.ended;
    expect(stderr).toBe('');
    expect(Object.fromEntries(pairsIn(stdout))).toEqual({ to: 2 * n, be: 2 * n, or: n, not: n });
  }
});

test('each batch of a queue counts once in the state, wherever the program is killed', async () => {
  const start = program(`
    import { StreamingContext } from 'weir/dstream';
    const ssc = new StreamingContext('20 ms', { appName: 'queue' });
    ssc.checkpoint('state');
    const ones = Array.from({ length: 300 }, () => [['a', 1], ['b', 2]] as [string, number][]);
    const totals = ssc.queueStream(ones)
      .reduceByKey((x, y) => x + y)
      .updateStateByKey((values: readonly number[], total: number | undefined) => values.reduce((x, y) => x + y, total ?? 0));
    totals.print();
    await ssc.start();
    await ssc.awaitTermination();
  `);
  const totals: number[] = [];
  for (let life = 1; life <= 5; life++) {
    const running = start();
    await running.says(new RegExp(`^\\(a,${life * 15}\\)$`, 'm'));
    running.child.kill('SIGKILL');
    const pairs = pairsIn((await running.ended).stdout);
    const of = (wanted: string): number[] => pairs.filter(([key]) => key === wanted).map(([, value]) => value);
    // What was printed last may be cut off.
    for (const [i, b] of of('b').entries()) expect(b).toBe(2 * of('a')[i]!);
    totals.push(...of('a'));
  }
  const steps = totals.slice(1).map((total, i) => total - totals[i]!);
  expect(totals[0]).toBe(1);
  // The last batch before a kill may be printed again; none is left out, and none counts twice.
  expect(steps.filter((step) => step !== 1 && step !== 0)).toEqual([]);
  expect(steps.filter((step) => step === 0).length).toBeLessThanOrEqual(4);
});
