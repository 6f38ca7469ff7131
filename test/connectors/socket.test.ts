import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { schema, sourceDefinition, t } from '../../src/api/index.ts';
import { csv, json, socket, text } from '../../src/connectors/index.ts';
import { journalName } from '../../src/connectors/journal/index.ts';
import type { Logger } from '../../src/core/index.ts';
import type { SourceContext, SplitReader } from '../../src/operators/index.ts';
import { MemoryDisk } from '../../src/state/index.ts';
import { kept, outcomes, rowsOf, sourceContext, turns, until, WatchedClock } from './connector-fixture.ts';

interface Line {
  readonly level: string;
  readonly message: string;
}
function recordingLogger(): Logger & { readonly lines: Line[] } {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (_fields: object, message: string): void =>
      void lines.push({ level, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

interface Peer {
  readonly server: Server;
  readonly port: number;
  readonly connections: Socket[];
}
async function listen(port = 0, greet: (connection: Socket) => void = () => {}): Promise<Peer> {
  const connections: Socket[] = [];
  const server = createServer((connection) => {
    connections.push(connection);
    connection.on('error', () => {}); // a reader that goes away is no failure of the test
    greet(connection);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const connection of connections) connection.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { server, port: (server.address() as { port: number }).port, connections };
}
/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const { server, port } = await listen();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function open(port: number, context: SourceContext, from?: unknown, records = 0): Promise<SplitReader> {
  const reader = await sourceDefinition(socket.source({ host: '127.0.0.1', port, format: text() })).open(
    '0',
    from,
    records,
    context,
  );
  onTestFinished(() => reader.close());
  return reader;
}
async function values(reader: SplitReader, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) found.push(...rowsOf((await reader.read())!.batch).map((row) => (row as { value: string }).value));
  return found;
}

describe('socket.source', () => {
  test('waits for its server with one line in the log, and tries again less and less often', async () => {
    const clock = new WatchedClock();
    const logger = recordingLogger();
    const port = await freePort();
    const reader = await open(port, sourceContext({ clock, logger }));
    const reading = values(reader, 1);
    const delays: number[] = [];
    for (let i = 0; i < 7; i++) {
      await until(() => clock.waiting > 0);
      const begun = clock.monotonic();
      while (clock.waiting > 0) clock.advance(10);
      delays.push(clock.monotonic() - begun);
    }
    expect(delays).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    expect(logger.lines.map(({ message }) => message)).toEqual([
      `waiting for 127.0.0.1:${port}, start one with \`nc -lk ${port}\``,
    ]);
    await until(() => clock.waiting > 0);
    await listen(port, (connection) => void connection.write('hello\n'));
    clock.advance(5000);
    expect(await reading).toEqual(['hello']);
    expect(logger.lines.at(-1)!.message).toBe(`connected to 127.0.0.1:${port}`);
  });

  test('connects again when the server goes; the begin of a line that never ended is dropped, and said so', async () => {
    const clock = new WatchedClock();
    const logger = recordingLogger();
    const { port, connections } = await listen(0, (connection) => void connection.end(`whole ${connections.length}\nhalf`));
    const reader = await open(port, sourceContext({ clock, logger }));
    expect(await values(reader, 1)).toEqual(['whole 1']);
    const next = values(reader, 1);
    await until(() => clock.waiting > 0);
    clock.advance(250);
    expect(await next).toEqual(['whole 2']);
    expect(
      logger.lines
        .filter(({ level }) => level === 'warn')
        .map(({ message }) => message)
        .slice(0, 2),
    ).toEqual([
      `127.0.0.1:${port} closed in the middle of a line, which is dropped`,
      `127.0.0.1:${port} closed the connection; connecting again`,
    ]);
  });

  test('what is in the journal comes first, in the order in which it was taken, then the connection', async () => {
    const disk = new MemoryDisk();
    const { port, connections } = await listen(0, (connection) => void connection.write('a\nb\nc\n'));
    const first = await open(port, sourceContext({ disk }));
    expect(await values(first, 3)).toEqual(['a', 'b', 'c']);
    await first.close();
    connections.length = 0;
    const context = sourceContext({ disk, batchRowsMax: 2 });
    const restored = await open(port, context, kept({ sequence: 1 }), 1);
    expect(await values(restored, 2)).toEqual(['b', 'c']);
    expect(connections.length).toBe(0);
    const live = (await restored.read())!;
    expect(outcomes(live)[0]).toEqual({ position: '0#3', row: { value: 'a' } });
    expect(connections.length).toBe(1);
  });

  test('a line beyond 1 MiB is a dead record, of which the begin is kept', async () => {
    const { port } = await listen(0, (connection) => void connection.write(`${'x'.repeat(1024 * 1024 + 1)}\nnext\n`));
    const reader = await open(port, sourceContext());
    const dead = [];
    const rows = [];
    while (rows.length === 0) {
      const piece = (await reader.read())!;
      dead.push(...piece.dead);
      rows.push(...rowsOf(piece.batch));
    }
    expect(dead).toEqual([expect.objectContaining({ position: '0#0', error: expect.stringMatching(/too long/) as string })]);
    expect(dead[0]!.bytes.length).toBe(4096);
    expect(rows).toEqual([{ value: 'next' }]);
  });

  test('stops reading while its reader is behind, and loses nothing', async () => {
    const count = 60_000;
    const line = `${'x'.repeat(500)}\n`;
    const disk = new MemoryDisk();
    const { port, connections } = await listen(0, (connection) => void connection.write(line.repeat(count)));
    const context = sourceContext({ disk });
    const reader = await open(port, context);
    let taken = (await reader.read())!.records;
    const stored = (): number => disk.journals.get(journalName(context))!.end;
    await until(() => stored() >= 4096);
    await turns(100);
    expect(stored()).toBeLessThan(10_000);
    expect(connections[0]!.writableLength).toBeGreaterThan(0);
    while (taken < count) taken += (await reader.read())!.records;
    expect(taken).toBe(count);
  });

  test('forgets what lies before a checkpoint that is kept', async () => {
    const disk = new MemoryDisk();
    const { port } = await listen(0, (connection) => void connection.write('a\nb\nc\n'));
    const source = sourceDefinition(socket.source({ host: '127.0.0.1', port, format: text() }));
    const context = sourceContext({ disk });
    const reader = await open(port, context);
    await values(reader, 3);
    await source.release!('0', kept({ sequence: 2 }), context);
    expect([...disk.journals.get(journalName(context))!.entries.keys()]).toEqual([2]);
  });

  test('ends at once while it waits for a server, and while it waits for a line', async () => {
    for (const port of [await freePort(), (await listen()).port]) {
      const controller = new AbortController();
      const clock = new WatchedClock();
      const reader = await open(port, sourceContext({ clock, signal: controller.signal }));
      const waiting = reader.read();
      await turns();
      controller.abort(new Error('closing'));
      await expect(waiting).rejects.toThrow('closing');
      await reader.close();
      expect(clock.waiting).toBe(0);
    }
  });

  test('options that make no sense are plan errors', () => {
    const Row = schema({ n: t.int });
    expect(() => socket.source({ host: 'a', port: 0, format: json(Row) })).toThrow(
      expect.objectContaining({ code: 'E_PLAN', message: expect.stringMatching(/0 is no port/) as string }),
    );
    expect(() => socket.source({ host: 'a', port: 1, format: csv(Row, { header: true }) })).toThrow(
      expect.objectContaining({ code: 'E_PLAN' }),
    );
  });
});
