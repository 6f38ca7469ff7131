// When epochs open, and when a run ends: the workers are the test.
import { beforeEach, describe, expect, test } from 'vitest';
import { continuous, type RunTrigger } from '../../src/core/index.ts';
import { checkpointCell } from '../../src/coordinator/index.ts';
import { planJob } from '../../src/plan/index.ts';
import { MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { job, sink, source } from '../plan/nodes.ts';
import { Fleet, planOf, settle, subtasks } from './fleet.ts';

let disk: MemoryDisk;
let asked: string[];
beforeEach(() => {
  disk = new MemoryDisk();
  asked = [];
});

function fleetOf(trigger: RunTrigger, ends: Readonly<Record<string, unknown>> = { s1: 7 }): Fleet {
  return new Fleet(disk, planOf(), ['x', 'y'], {
    trigger,
    discover: async (source) => {
      asked.push(`splits of ${source}`);
      return ['s1', 's2'];
    },
    endNow: async (source, split) => {
      asked.push(`end of ${source} ${split}`);
      return ends[split];
    },
  });
}
const exhausted = async (fleet: Fleet): Promise<void> => {
  for (const subtask of ['0/0', '0/1']) await fleet.say({ kind: 'exhausted', generation: fleet.generation, subtask });
};
const barriers = (fleet: Fleet): string[] => fleet.news().filter((told) => /^x trigger/.test(told));
const drains = (fleet: Fleet): unknown[] =>
  fleet.messages.flatMap((message) => (message.kind === 'deploy' ? [message.deployment.drain] : []));

describe('a run that ends with what is there', () => {
  const drain = { kind: 'drain', oneEpoch: false } as const;

  test('D1: asks for splits and their ends once, and a generation that follows ends there too', async () => {
    const fleet = fleetOf(drain);
    await fleet.running();
    await fleet.fail();
    await fleet.tornDown('x', 'y');
    fleet.clock.advance(60_000);
    await settle();
    const present = { in: { splits: ['s1', 's2'], until: { s1: 7 } } };
    expect(drains(fleet)).toEqual([present, present, present, present]);
    expect(asked).toEqual(['splits of in', 'end of in s1', 'end of in s2']);
  });

  test('is refused where a source has no end, before anything is touched', async () => {
    const endless = source('in', { name: 'in', endless: 'its lines come when they come' });
    const fleet = new Fleet(disk, planJob(job([sink(endless)])), ['x', 'y'], { trigger: drain });
    await expect(fleet.coordinator.start()).rejects.toMatchObject({
      code: 'E_PLAN',
      message: 'in cannot be read to its present end: its lines come when they come',
    });
    expect([fleet.news(), await openMemoryStores(disk).pointers.read(checkpointCell)]).toEqual([[], null]);
  });

  test('takes its last checkpoint once the sources are through, and has finished; the state has not', async () => {
    const fleet = fleetOf(drain);
    await fleet.running();
    await exhausted(fleet);
    expect(barriers(fleet)).toEqual(['x trigger 1 drain']);
    await fleet.complete(1);
    await fleet.tornDown('x', 'y');
    expect([fleet.outcome, fleet.coordinator.hasFinished, fleet.coordinator.latest?.finished]).toEqual(['finished', true, false]);
    const next = fleetOf(drain);
    await next.running();
    await next.committed(1, ...subtasks);
    expect([next.coordinator.state, next.coordinator.hasFinished]).toEqual(['running', false]);
  });

  test('that is stopped has not finished', async () => {
    const fleet = fleetOf(drain);
    await fleet.running();
    fleet.coordinator.stop();
    await settle();
    expect(barriers(fleet)).toEqual(['x trigger 1 stop']);
    await fleet.complete(1);
    await fleet.tornDown('x', 'y');
    expect(fleet.outcome).toBe('stopped');
  });

  test('whose input ends behind the barrier of a stop has not finished', async () => {
    const fleet = fleetOf(drain);
    await fleet.running();
    fleet.coordinator.stop();
    await settle();
    await exhausted(fleet);
    expect(barriers(fleet)).toEqual(['x trigger 1 stop']);
    await fleet.complete(1);
    await fleet.tornDown('x', 'y');
    expect([fleet.outcome, fleet.coordinator.hasFinished]).toEqual(['stopped', false]);
  });

  test('has epochs in between, unless it is to be one', async () => {
    const epochs = async (oneEpoch: boolean): Promise<string[]> => {
      disk = new MemoryDisk();
      const fleet = fleetOf({ kind: 'drain', oneEpoch });
      await fleet.running();
      fleet.clock.advance(60_000);
      await settle();
      return barriers(fleet);
    };
    expect([await epochs(false), await epochs(true)]).toEqual([['x trigger 1'], []]);
  });

  test('of one epoch takes another where a source has used up what an epoch may hold', async () => {
    const fleet = fleetOf({ kind: 'drain', oneEpoch: true });
    await fleet.running();
    await fleet.say({ kind: 'hurry', generation: fleet.generation });
    expect(barriers(fleet)).toEqual(['x trigger 1']);
  });
});

test('a run without a trigger asks for splits each time, and for no end', async () => {
  const fleet = fleetOf(continuous);
  await fleet.running();
  expect([drains(fleet), asked]).toEqual([[null, null], ['splits of in']]);
});

test('an interval is that of the epochs, whatever the pipeline says', async () => {
  const fleet = fleetOf({ kind: 'every', everyMs: 90_000 });
  await fleet.running();
  fleet.clock.advance(44_000);
  await settle();
  expect(barriers(fleet)).toEqual([]);
  fleet.clock.advance(2000);
  await settle();
  expect(barriers(fleet)).toEqual(['x trigger 1']);
  await fleet.complete(1);
  fleet.clock.advance(88_000);
  await settle();
  expect(barriers(fleet)).toEqual([]);
  fleet.clock.advance(1000);
  await settle();
  expect(barriers(fleet)).toEqual(['x trigger 2']);
});
