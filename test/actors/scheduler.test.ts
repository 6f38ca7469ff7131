import { describe, expect, test } from 'vitest';
import { type Schedulable, Scheduler } from '../../src/actors/scheduler.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** The event loop: what was deferred runs when the test says so. */
class Loop {
  readonly clock = new VirtualClock();
  readonly #deferred: (() => void)[] = [];
  readonly scheduler = new Scheduler(this.clock, (run) => this.#deferred.push(run));

  get waiting(): number {
    return this.#deferred.length;
  }

  turn(): void {
    for (const run of this.#deferred.splice(0)) run();
  }
}

/** Steps as long as it has work; each step takes `costMs`. */
function task(
  loop: Loop,
  name: string,
  depth: number,
  log: string[],
  work = { left: 0 },
  costMs = 0,
): Schedulable & { left: number } {
  return {
    depth,
    get left() {
      return work.left;
    },
    set left(steps: number) {
      work.left = steps;
    },
    step() {
      log.push(name);
      loop.clock.advance(costMs);
      return --work.left > 0;
    },
  };
}

describe('the scheduler', () => {
  test('Y1: steps a task that was woken, until it sleeps', () => {
    const [loop, log] = [new Loop(), [] as string[]];
    const a = task(loop, 'a', 0, log, { left: 3 });
    loop.scheduler.add(a);
    loop.scheduler.wake(a);
    expect(log).toEqual([]);
    loop.turn();
    expect([log, loop.waiting]).toEqual([['a', 'a', 'a'], 0]);
    loop.scheduler.wake(a);
    loop.turn();
    expect(log).toHaveLength(4);
  });

  test('Y1: steps a task again that was woken while it stepped', () => {
    const loop = new Loop();
    let steps = 0;
    const a: Schedulable = { depth: 0, step: () => (++steps === 1 && loop.scheduler.wake(a), false) };
    loop.scheduler.add(a);
    loop.scheduler.wake(a);
    loop.turn();
    expect(steps).toBe(2);
  });

  test('Y1: steps a task that was woken by another one', () => {
    const [loop, log] = [new Loop(), [] as string[]];
    const sink = task(loop, 'sink', 1, log);
    const source: Schedulable = { depth: 0, step: () => (log.push('source'), loop.scheduler.wake(sink), false) };
    for (const each of [source, sink]) loop.scheduler.add(each);
    loop.turn();
    log.length = 0;
    loop.scheduler.wake(source);
    loop.turn();
    expect(log).toEqual(['source', 'sink']);
  });

  test('Y1: steps a task that was woken before it was added, once it is', () => {
    const [loop, log] = [new Loop(), [] as string[]];
    const a = task(loop, 'a', 0, log);
    loop.scheduler.wake(a);
    loop.turn();
    expect(log).toEqual([]);
    loop.scheduler.add(a);
    loop.turn();
    expect(log).toEqual(['a']);
  });

  test('steps those furthest down first, each once a round', () => {
    const [loop, log] = [new Loop(), [] as string[]];
    const tasks = [
      task(loop, 'source', 0, log, { left: 2 }),
      task(loop, 'sink', 2, log, { left: 2 }),
      task(loop, 'middle', 1, log),
    ];
    for (const each of tasks) loop.scheduler.add(each);
    for (const each of tasks) loop.scheduler.wake(each);
    loop.turn();
    expect(log).toEqual(['sink', 'middle', 'source', 'sink', 'source']);
  });

  test('Y2: gives the process back to I/O after the round in which its slice ended, and goes on later', () => {
    const [loop, log] = [new Loop(), [] as string[]];
    const busy = task(loop, 'busy', 0, log, { left: 100 }, 1);
    loop.scheduler.add(busy);
    loop.scheduler.wake(busy);
    loop.turn();
    const slice = log.length;
    expect(slice).toBeLessThanOrEqual(4);
    expect(loop.waiting).toBe(1);
    loop.turn();
    expect(log).toHaveLength(2 * slice);
  });

  test('Y2: gives it back even when one step is longer than the slice', () => {
    const [loop, log] = [new Loop(), [] as string[]];
    const slow = task(loop, 'slow', 0, log, { left: 5 }, 100);
    loop.scheduler.add(slow);
    loop.scheduler.wake(slow);
    loop.turn();
    expect(log).toEqual(['slow']);
  });

  test('asks for one turn, however often it is woken', () => {
    const [loop, log] = [new Loop(), [] as string[]];
    const a = task(loop, 'a', 0, log);
    loop.scheduler.add(a);
    for (let i = 0; i < 10; i++) loop.scheduler.wake(a);
    expect(loop.waiting).toBe(1);
    loop.turn();
    expect([log, loop.waiting]).toEqual([['a'], 0]);
  });

  test('a task that was removed is not stepped, even in the round that is under way, and costs no turn', () => {
    const [loop, log] = [new Loop(), [] as string[]];
    const gone = task(loop, 'gone', 0, log);
    const remover: Schedulable = { depth: 1, step: () => (loop.scheduler.remove(gone), false) };
    for (const each of [gone, remover]) loop.scheduler.add(each);
    for (const each of [gone, remover]) loop.scheduler.wake(each);
    loop.turn();
    // A wake-up of a channel or a timer may still come.
    loop.scheduler.wake(gone);
    loop.turn();
    expect([log, loop.waiting]).toEqual([[], 0]);
  });
});
