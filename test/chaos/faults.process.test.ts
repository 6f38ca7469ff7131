// A short slice of chaos/faults.mjs, with a fixed seed: that it passes, and that it fails once the engine is broken.
import { execFileSync } from 'node:child_process';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { natsServerBinary } from '../nats/server.ts';
import { chaos } from './chaos-program.ts';

beforeEach(({ skip }) => {
  const { skipped } = inject('natsServer');
  if (skipped !== undefined) skip(skipped);
});

describe('a job from JetStream to JetStream, whose processes are killed and paused,', { timeout: 180_000 }, () => {
  test('writes each result once and in order, and nothing of a paused worker comes through', async () => {
    const { code, result } = await chaos('faults.mjs', '--faults', '6', '--seed', '7', '--pause-ms', '6000');
    expect(result).toMatchObject({
      faults: { coordinator: 1, standby: 1, worker: 1, pause: 1, nats: 1, all: 1 },
      zombieWrites: 0,
      lost: 0,
      duplicated: 0,
      reordered: 0,
    });
    expect(result['restores']).toBeGreaterThanOrEqual(4);
    expect(code).toBe(0);
  });

  test('does so in atomic batches too, on a server that has them', async ({ skip }) => {
    const version = execFileSync(natsServerBinary(), ['--version'], { encoding: 'utf8' }).trim();
    if (/v2\.(\d|1[0-4])\./.test(version)) skip(`${version} takes no atomic batches`);
    const { code, result } = await chaos('faults.mjs', '--faults', '6', '--seed', '3', '--pause-ms', '6000', '--batches');
    expect(result).toMatchObject({
      faults: { pause: 1, nats: 1, all: 1 },
      zombieWrites: 0,
      lost: 0,
      duplicated: 0,
      reordered: 0,
    });
    expect(code).toBe(0);
  });

  test('writes each result once although their stream was away for far longer than it knows a message again', async () => {
    const { code, result } = await chaos('faults.mjs', '--outage-ms', '10000', '--rate', '500');
    expect(result).toMatchObject({ faults: { outage: 1 }, restores: 1, zombieWrites: 0, lost: 0, duplicated: 0, reordered: 0 });
    expect(code).toBe(0);
  });

  test.concurrent.each([
    ['fence', 'zombieWrites'],
    ['generation', 'zombieWrites'],
    ['early-publish', 'duplicated'],
  ])('is seen to go wrong with --break %s', async (name, what) => {
    const words = ['--faults', '12', '--seed', '7', '--pause-ms', '3500', '--rate', '3000', '--break', name];
    const { code, result } = await chaos('faults.mjs', ...words);
    expect(result[what]).toBeGreaterThan(0);
    expect(code).toBe(1);
  });
});
