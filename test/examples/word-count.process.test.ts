import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Folder, root } from '../service/weir-process.ts';

/** A text server as `nc -lk` is one: whoever connects gets the lines. */
class LineServer {
  readonly #server: Server;
  readonly #connected: Promise<Socket>;

  constructor() {
    this.#server = createServer();
    this.#connected = new Promise((resolve) => this.#server.once('connection', resolve));
  }
  listen(port: number): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(port, '127.0.0.1', () => resolve((this.#server.address() as { port: number }).port)),
    );
  }
  async send(...lines: string[]): Promise<void> {
    (await this.#connected).write(lines.map((line) => `${line}\n`).join(''));
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
