import { expect, test } from 'vitest';
import { MemoryDisk } from '../../src/state/index.ts';
import { Fleet, settle, subtasks } from './fleet.ts';

test('the time of an epoch is that of the barrier before, wherever a generation begins, and a clock that is behind changes nothing', async () => {
  const disk = new MemoryDisk();
  const fleet = new Fleet(disk);
  const deployedAt = (of: Fleet): readonly number[] =>
    of.messages.flatMap((message) => (message.kind === 'deploy' ? [message.deployment.epochTime] : []));
  const triggeredAt = (of: Fleet): readonly number[] =>
    of.messages.flatMap((message) => (message.kind === 'trigger' ? [message.barrier.time] : []));
  const begun = fleet.clock.now();
  await fleet.running();
  // Nothing of the first epoch was ever published: it may begin anew, but not at another time.
  fleet.clock.advance(100);
  await fleet.fail();
  await fleet.tornDown('x', 'y');
  fleet.clock.advance(1000);
  await settle();
  await fleet.deployed('x', 'y');
  expect(new Set(deployedAt(fleet))).toEqual(new Set([begun]));
  fleet.clock.advance(50_000);
  await fleet.complete(1);
  const at = triggeredAt(fleet)[0]!;
  expect(at).toBeGreaterThan(begun + 1100);
  const next = new Fleet(disk);
  expect(next.clock.now()).toBe(begun);
  await next.coordinator.start();
  await settle();
  await next.deployed('x', 'y');
  await next.committed(1, ...subtasks);
  next.clock.advance(5000);
  expect([new Set(deployedAt(next)), new Set(triggeredAt(next))]).toEqual([new Set([at]), new Set([at])]);
});
