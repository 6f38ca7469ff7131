// jetstream.source in a job: what a restart goes on from, and how a job reaches its server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { json, pipeline, schema, start, t, from } from '../../../src/index.ts';
import { jetstream, memorySink } from '../../../src/connectors/index.ts';
import { withServer } from '../../nats/server.ts';
import { until } from '../connector-fixture.ts';
import { numbers, TestStream } from './stream-fixture.ts';

const Row = schema({ n: t.int });

describe('a job on jetstream.source', () => {
  const nats = withServer({ per: 'test' });
  afterEach(() => void vi.unstubAllEnvs());

  function stateDir(): string {
    const path = mkdtempSync(join(tmpdir(), 'weir-jetstream-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  test('reads NATS_URL, and gives each message once over stops, kills of the server and restarts', async () => {
    vi.stubEnv('NATS_URL', nats.server.url);
    const stream = await TestStream.make(nats, 'IN');
    const sink = memorySink<{ n: number; sequence: number }>();
    const messages = jetstream.source({ stream: 'IN', format: json(Row), columns: ['sequence'] });
    const job = () => pipeline({ name: 'reader', outputs: [from(messages).to(sink)] });
    const dir = stateDir();
    const found = (): number[] => sink.rows.map(({ n }) => n);
    await stream.publish(numbers(1000));
    const first = await start(job(), { stateDir: dir });
    await until(() => found().length >= 1000);
    await first.stop();
    await stream.publish(numbers(1000, 1000));
    const second = await start(job(), { stateDir: dir });
    await nats.server.kill();
    await nats.restart();
    await until(() => found().length >= 2000);
    await second.stop();
    expect(found()).toEqual(numbers(2000).map(({ n }) => n));
    expect(sink.rows[1999]).toEqual({ n: 1999, sequence: 2000 });
  });
});
