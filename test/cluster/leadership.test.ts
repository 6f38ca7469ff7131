// A coordinator whose store fails at a bad moment.
import { beforeEach, describe, expect, test } from 'vitest';
import { type JobReport, type Lead, Leadership } from '../../src/cluster/index.ts';
import type { JobOver } from '../../src/coordinator/index.ts';
import { seededRandom, silentLogger, WeirError } from '../../src/core/index.ts';
import { MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

let disk: MemoryDisk;
const clocks = new Map<string, VirtualClock>();
let log: string[];
beforeEach(() => {
  disk = new MemoryDisk();
  clocks.clear();
  log = [];
});

interface Contender {
  over: string;
}

/** @param starts what becomes of each of its starts */
function contender(name: string, starts: readonly (WeirError | 'runs')[]): Contender {
  const state: Contender = { over: '' };
  const left = [...starts];
  const clock = new VirtualClock();
  clocks.set(name, clock);
  const lead = (): Lead => {
    const start = left.shift()!;
    return {
      finished: new Promise<JobReport>(() => undefined),
      start: async () => {
        log.push(`${name} starts`);
        if (start !== 'runs') throw start;
      },
      kill: async () => void log.push(`${name} ends it`),
    } as unknown as Lead;
  };
  const leadership = new Leadership({
    pointers: openMemoryStores(disk).pointers,
    clock,
    random: seededRandom(name.length),
    logger: silentLogger,
    signal: new AbortController().signal,
    lead,
    severed: () => new Promise(() => undefined),
    waiting: () => log.push(`${name} waits`),
  });
  const over = (ended: JobReport | JobOver): void => void (state.over = typeof ended === 'string' ? ended : 'its end');
  const failed = (error: Error): void => void (state.over = error.message);
  leadership
    .acquire()
    .then((lease) => (typeof lease === 'string' ? lease : leadership.lead(lease)))
    .then(over, failed);
  void leadership.started.then(() => log.push(`${name} leads`));
  return state;
}

async function pass(ms: number): Promise<void> {
  for (let i = 0; i <= ms; i += 50) {
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    for (const clock of clocks.values()) clock.advance(50);
  }
}
const outage = (): WeirError => new WeirError('E_STORE', 'get manifest/2: the connection broke');

describe('a coordinator whose start meets an outage', () => {
  test('says so if somebody has just started it', async () => {
    const a = contender('a', [outage()]);
    await pass(100);
    expect([a.over, log]).toEqual(['get manifest/2: the connection broke', ['a starts', 'a ends it']]);
  });

  test('contends again if it was waiting to take over', async () => {
    contender('a', ['runs']);
    await pass(100);
    const b = contender('bb', [outage(), 'runs']);
    await pass(200);
    expect(log).toEqual(['a starts', 'a leads', 'bb waits']);
    clocks.delete('a'); // it hangs
    await pass(4000);
    expect(log.slice(3)).toEqual(['bb starts', 'bb ends it', 'bb starts', 'bb leads']);
    expect(b.over).toBe('');
  });

  test('contends again if its checkpoints were moved on by one that led before it', async () => {
    const b = contender('bb', [new WeirError('E_RUNNING', 'CS4: another coordinator has moved the commit pointer'), 'runs']);
    await pass(1000);
    expect([b.over, log]).toEqual(['', ['bb starts', 'bb ends it', 'bb starts', 'bb leads']]);
  });

  test('says so in any case if waiting cures nothing', async () => {
    contender('a', ['runs']);
    await pass(100);
    const b = contender('bb', [new WeirError('E_STATE_DAMAGED', 'blob manifest/2 is damaged')]);
    await pass(200);
    clocks.delete('a');
    await pass(4000);
    expect(b.over).toBe('blob manifest/2 is damaged');
  });
});
