import { expect, test } from 'vitest';
import { packValue } from '../../src/batch/index.ts';
import { Fleet } from '../../src/cluster/index.ts';
import { type Clock, silentLogger } from '../../src/core/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MemoryNetwork } from '../transport/memory-bus.ts';

test('a worker is not taken for dead by a coordinator that stood still itself; one that says nothing afterwards is', async () => {
  const virtual = new VirtualClock();
  let stoodMs = 0;
  const clock: Clock = {
    now: () => virtual.now(),
    monotonic: () => virtual.monotonic() + stoodMs,
    setTimer: (ms, call) => virtual.setTimer(ms, call),
  };
  const network = new MemoryNetwork();
  const lost: unknown[] = [];
  const fleet = new Fleet({
    bus: network.bus(),
    prefix: 'weir.job',
    session: 'c',
    clock,
    logger: { ...silentLogger, warn: (fields) => void lost.push(fields) },
    spec: { job: 'job', params: [], parallelism: 1, fingerprint: '', version: '1' },
    reports: { said: () => {}, lost: () => {} },
  });
  const say = (subject: string, value: object): void => network.bus().publish(`weir.job.${subject}`, packValue(value));
  network.bus().subscribe('weir.job.w.w1', () => {}); // it is there
  const pass = (ms: number): void => {
    for (let n = 0; n < ms; n += 10) {
      virtual.advance(10);
      network.deliver();
    }
  };
  say('hello', { session: 'w1', slots: 1, had: null });
  pass(100);
  stoodMs = 10_000;
  say('alive', { session: 'w1', progress: 1 }); // read when the loop turns again: its timers come first
  virtual.advance(250);
  expect(lost).toEqual([]);
  pass(1500);
  expect(lost).toEqual([]);
  pass(1000);
  expect(lost).toEqual([{ worker: 'w1', err: 'worker w1 has said nothing for 2 s' }]);
  await fleet.kill();
});
