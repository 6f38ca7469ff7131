import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { withServer } from '../nats/server.ts';
import { bin, Folder, Program, root } from '../service/weir-process.ts';

/** A text server as `nc -lk` is one: whoever connects gets the lines. */
class LineServer {
  readonly #server: Server;
  #connected: Promise<Socket>;

  constructor() {
    this.#server = createServer();
    this.#connected = this.#next();
  }
  listen(port: number): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(port, '127.0.0.1', () => resolve((this.#server.address() as { port: number }).port)),
    );
  }
  async send(...lines: string[]): Promise<void> {
    (await this.#connected).write(lines.map((line) => `${line}\n`).join(''));
  }
  /** One after the other: when one has gone, the next is waited for. */
  #next(): Promise<Socket> {
    return new Promise((resolve) =>
      this.#server.once('connection', (socket) => {
        socket.once('close', () => (this.#connected = this.#next())).on('error', () => undefined); // 'close' follows
        resolve(socket.resume());
      }),
    );
  }
  async close(): Promise<void> {
    this.#connected.then(
      (socket) => socket.destroy(),
      () => {},
    );
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const servers: LineServer[] = [];
const server = (): LineServer => {
  servers.push(new LineServer());
  return servers.at(-1)!;
};
afterEach(async () => {
  await Promise.all(servers.splice(0).map((each) => each.close()));
});

test('word-count waits for its server, counts, and after a kill and a lost connection counts on', async () => {
  using folder = new Folder();
  const first = server();
  const port = await first.listen(0);
  await first.close();
  servers.length = 0;

  const args = [
    'run',
    join(root, 'examples/word-count.ts'),
    '--checkpoint-interval',
    '100',
    '--',
    'host=127.0.0.1',
    `port=${port}`,
  ];
  const life = folder.weir(...args);
  await life.says(/wait/i);

  const second = server();
  await second.listen(port);
  await second.send('to be or', 'not to be');
  await life.says(/\bto\b\W+2\b/);
  life.child.kill('SIGKILL');
  await life.ended;
  await second.close();
  servers.length = 0;

  const third = server();
  await third.listen(port);
  const next = folder.weir(...args);
  await third.send('be that');
  await next.says(/\bbe\b\W+3\b/);
  next.child.kill('SIGTERM');
  expect((await next.ended).code).toBe(0);
});

describe('on NATS', () => {
  const nats = withServer();

  test('word-count in three processes counts on when each of its workers was killed', async () => {
    using folder = new Folder();
    const source = server();
    const port = await source.listen(0);
    const words = ['run', join(root, 'examples/word-count.ts'), '--workers', '2', '--parallelism', '2'];
    const environment = { NATS_URL: nats.server.url, WEIR_LOG_LEVEL: 'info' };
    const params = ['--checkpoint-interval', '100', '--', 'host=127.0.0.1', `port=${port}`];
    const job = new Program(process.execPath, [bin, ...words, ...params], folder.path, { environment });
    await job.says(/and 2 worker processes/);
    await source.send('to be or', 'not to be');
    await job.says(/\bto\b\W+2\b/);
    const workers = [...job.stderr.matchAll(/"pid":(\d+),"msg":"a worker process was started"/g)].map(([, pid]) => Number(pid));
    expect(workers).toHaveLength(2);
    for (const worker of workers) process.kill(worker, 'SIGKILL');
    await job.says(/restarting from the last checkpoint[\s\S]*a worker joined[\s\S]*a worker joined/);
    await source.send('be that');
    await job.says(/\bbe\b\W+3\b/);
    job.child.kill('SIGTERM');
    const { code, stderr } = await job.ended;
    expect([code, /weir: E_.*/.exec(stderr)?.[0]]).toEqual([0, undefined]);
  });
});
