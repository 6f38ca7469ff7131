// jetstream.source to jetstream.sink in a job, over stops, restarts, and kills of the server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DeadLetter, from, json, pipeline, schema, start, t } from '../../../src/index.ts';
import { jetstream, memorySink } from '../../../src/connectors/index.ts';
import { withServer } from '../../nats/server.ts';
import { numbers, TestStream } from './stream-fixture.ts';
import { OutputStream, range } from './sink-fixture.ts';

const Row = schema({ n: t.int });

describe('a job from stream to stream', () => {
  const nats = withServer({ per: 'test' });

  function stateDir(): string {
    const path = mkdtempSync(join(tmpdir(), 'weir-jetstream-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  /** Resolves once the stream has so many rows. */
  async function written(out: OutputStream, count: number): Promise<void> {
    while ((await out.rows()).length < count);
  }

  test('writes each row once, in order', async () => {
    const input = await TestStream.make(nats, 'IN');
    const out = await OutputStream.make(nats, 'OUT');
    const { url } = nats.server;
    const job = () =>
      pipeline({
        name: 'copier',
        checkpointEvery: '50 ms',
        outputs: [
          from(jetstream.source({ servers: url, stream: 'IN', format: json(Row) }))
            .map(({ n }) => ({ n, twice: 2 * n }))
            .to(jetstream.sink({ servers: url, stream: 'OUT', subject: ({ n }) => `OUT.${n % 3}` })),
        ],
      });
    const dir = stateDir();
    await input.publish(numbers(1000));
    const first = await start(job(), { stateDir: dir });
    await written(out, 500);
    await first.stop();
    await input.publish(numbers(4000, 1000));
    const second = await start(job(), { stateDir: dir });
    await written(out, 1500);
    await nats.server.kill();
    await nats.restart();
    await written(out, 5000);
    await second.stop();
    expect(await out.numbers()).toEqual(range(5000));
    const all = await out.all();
    const generations = all.filter(({ fence }) => fence).map(({ generation }) => generation);
    expect(generations).toEqual([...generations].sort((a, b) => a - b));
    expect(new Set(generations).size).toBeGreaterThan(1);
  });

  test('sets a row aside that cannot be a message', async () => {
    const out = await OutputStream.make(nats, 'OUT');
    const dead = memorySink<DeadLetter>();
    const sink = jetstream.sink<{ n: number; to: string }>({
      servers: nats.server.url,
      stream: 'OUT',
      subject: ({ to }) => `OUT.${to}`,
    });
    const rows = ['a', 'b c', 'd', '>', 'e'].map((to, n) => ({ n, to }));
    const job = pipeline({ name: 'odd', outputs: [from(rows).to(sink)], deadLetters: dead });
    const { deadLetters } = await (await start(job, { stateDir: stateDir() })).finished;
    expect(deadLetters).toBe(2);
    expect(await out.numbers()).toEqual([0, 2, 4]);
    expect(dead.rows.map(({ error }) => error)).toEqual([
      expect.stringMatching(/^"OUT.b c" is no subject of a message/),
      expect.stringMatching(/^"OUT.>" is no subject of a message/),
    ]);
  });

  test('begun anew, writes on behind what is there', async () => {
    const out = await OutputStream.make(nats, 'OUT');
    const { url } = nats.server;
    const job = () =>
      pipeline({
        name: 'maker',
        outputs: [from([{ n: 0 }, { n: 1 }]).to(jetstream.sink({ servers: url, stream: 'OUT', subject: 'OUT.a' }))],
      });
    await (await start(job(), { stateDir: stateDir() })).finished;
    await (await start(job(), { stateDir: stateDir() })).finished;
    expect(await out.numbers()).toEqual([0, 1, 0, 1]);
  });
});
