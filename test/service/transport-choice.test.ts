import { describe, expect, test } from 'vitest';
import { chooseTransport, type TransportSettings } from '../../src/service/transport-choice.ts';

const choice = (settings: Partial<TransportSettings>) =>
  chooseTransport({ transport: 'auto', flags: {}, environment: {}, ...settings });

describe('how the parts of a job talk', () => {
  test.each([
    [{}, { kind: 'memory' }],
    [{ workers: 1 }, { kind: 'memory' }],
    [{ workers: 3 }, { kind: 'spawn', workers: 3 }],
    [{ transport: 'spawn' }, { kind: 'spawn', workers: 2 }],
    [{ transport: 'threads' }, { kind: 'threads', workers: 2 }],
    [
      { transport: 'threads', workers: 1 },
      { kind: 'threads', workers: 1 },
    ],
    [
      { workers: 2, environment: { NATS_URL: 'nats://far' } },
      { kind: 'nats', workers: 2 },
    ],
    // A server that is named is that of sources and sinks, where another transport is asked for.
    [
      { transport: 'memory', flags: { nats: 'nats://far' } },
      { kind: 'memory', flags: { nats: 'nats://far' } },
    ],
    [
      { transport: 'spawn', flags: { nats: 'nats://far' } },
      { kind: 'spawn', workers: 2, flags: { nats: 'nats://far' } },
    ],
    [
      { transport: 'threads', flags: { nats: 'nats://far' }, environment: { NATS_URL: 'nats://x' } },
      { kind: 'threads', workers: 2, flags: { nats: 'nats://far' } },
    ],
  ])('%o is %o', async (settings, chosen) => {
    expect(await choice(settings)).toMatchObject(chosen);
  });

  test.each([
    [1, 'one worker thread;'],
    [3, '3 worker threads;'],
  ])('of %d worker threads one line says so', async (workers, words) => {
    const { line } = await choice({ transport: 'threads', workers });
    expect(line).toContain(`transport: memory, one process with ${words}`);
  });

  test.each([
    [{ transport: 'memory', workers: 2 }, 'one process, and cannot have 2 workers', 'threads or spawn'],
    [{ transport: 'pigeon' }, "there is no transport 'pigeon'", 'auto, memory, threads, spawn and nats://…'],
    [{ transport: 'nats' }, 'nothing names a NATS server', 'NATS_URL'],
  ])('%o is refused', async (settings, message, hint) => {
    await expect(choice(settings)).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });
});
