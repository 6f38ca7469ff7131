// The link of one process to the server, with real sockets at both ends.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isCovered } from '../../src/chaos/subjects.ts';
import { Link } from '../../src/chaos/proxy/link.ts';
import { seededRandom } from '../../src/core/index.ts';
import { realClock } from '../../src/runtime/index.ts';

/** A socket, and all that came through it. */
class End {
  text = '';
  closed = false;
  readonly socket: Socket;
  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => (this.text += text));
    socket.on('error', () => {}).on('close', () => (this.closed = true));
  }
  async says(text: string): Promise<void> {
    await vi.waitFor(() => expect(this.text).toBe(text));
  }
}

describe('a link', () => {
  let server: Server;
  let link: Link;
  const ends: End[] = [];
  beforeEach(async () => {
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    link = await Link.open((server.address() as { port: number }).port, realClock, seededRandom(1));
  });
  afterEach(async () => {
    for (const { socket } of ends.splice(0)) socket.destroy();
    await link.close();
    server.close();
  });

  async function pair(): Promise<{ client: End; far: End }> {
    const arrived = once(server, 'connection') as Promise<[Socket]>;
    const client = new End(connect(Number(new URL(link.url).port), '127.0.0.1'));
    const [socket] = await arrived;
    const far = new End(socket);
    ends.push(client, far);
    return { client, far };
  }
  /** What is sent next arrives, and what was held back before does not. */
  async function passes(from: End, to: End): Promise<void> {
    const before = to.text;
    from.socket.write('PING\r\n');
    await to.says(`${before}PING\r\n`);
  }

  test('passes everything on, both ways', async () => {
    const { client, far } = await pair();
    client.socket.write('PUB a 1\r\nx\r\n');
    await far.says('PUB a 1\r\nx\r\n');
    far.socket.write('PONG\r\n');
    await client.says('PONG\r\n');
  });

  test('blocked in one direction it holds back what is sent there, and gives it out afterwards', async () => {
    const { client, far } = await pair();
    const end = link.block('out');
    client.socket.write('PING\r\n');
    await passes(far, client);
    expect(far.text).toBe('');
    end();
    await far.says('PING\r\n');
    const again = link.block('both');
    const late = await pair(); // a connection that is made meanwhile, too
    late.client.socket.write('PING\r\n');
    client.socket.write('PING\r\n');
    far.socket.write('PONG\r\n');
    again();
    await Promise.all([late.far.says('PING\r\n'), far.says('PING\r\nPING\r\n'), client.says('PING\r\nPONG\r\n')]);
  });

  test('a delay keeps the order of a connection', async () => {
    const { client, far } = await pair();
    link.delay(3);
    const lines = Array.from({ length: 50 }, (_, n) => `PUB a 2\r\n${String(n).padStart(2, '0')}\r\n`);
    for (const line of lines) {
      client.socket.write(line);
      await new Promise(setImmediate);
    }
    await far.says(lines.join(''));
  });

  test('a reset ends every connection, and new ones are taken', async () => {
    const { client, far } = await pair();
    expect(link.reset()).toBe(1);
    await vi.waitFor(() => expect([client.closed, far.closed]).toEqual([true, true]));
    const next = await pair();
    await passes(next.client, next.far);
  });

  test('messages that wait for an answer are lost, doubled, repeated later or not answered; others are left alone', async () => {
    const { client, far } = await pair();
    const others = 'PUB seen r 1\r\nx\r\nPUB meant 1\r\nx\r\n';
    const meant = (subject: string): boolean => subject === 'meant';
    for (const [how, there] of [
      ['lost', ''],
      ['twice', 'PUB meant r 1\r\n1\r\nPUB meant r 1\r\n1\r\n'],
      ['unanswered', 'PUB meant r 1\r\n1\r\n'],
    ] as const) {
      far.text = '';
      const end = link.disturb(how, meant, 1);
      client.socket.write(`PUB meant r 1\r\n1\r\n${others}`);
      await far.says(there + others);
      if (how === 'unanswered') far.socket.write('MSG r 1 2\r\nok\r\nMSG s 1 2\r\nok\r\n');
      await client.says(how === 'unanswered' ? 'MSG s 1 2\r\nok\r\n' : '');
      end();
    }
    far.text = '';
    link.disturb('late', meant, 1);
    client.socket.write('PUB meant r 1\r\n1\r\nPING\r\n');
    await far.says('PUB meant r 1\r\n1\r\nPING\r\n');
    await vi.waitFor(() => expect(far.text).toBe('PUB meant r 1\r\n1\r\nPING\r\nPUB meant r 1\r\n1\r\n'), { timeout: 5000 });
  });
});

test.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.b.c', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a', false],
  ['a.*.c', 'a.b.c', true],
  ['a.>', 'a.b.c', true],
  ['a.>', 'a', false],
  ['>', 'a', true],
  ['a.b', 'a.c', false],
])('%s stands for %s: %s', (pattern, subject, covered) => {
  expect(isCovered(pattern, subject)).toBe(covered);
});
