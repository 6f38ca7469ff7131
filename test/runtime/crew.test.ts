// Processes and threads that belong to a job: who is replaced when, and who is not.
import { describe, expect, test } from 'vitest';
import { Crew, type Hand } from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

interface Known extends Hand {
  readonly name: number;
  /** @param left by itself, or it died */
  end(left: boolean): void;
}

class Site {
  readonly clock = new VirtualClock();
  readonly hands: Known[] = [];
  readonly replaced: number[] = [];
  readonly crew = new Crew<Known>({
    count: 2,
    clock: this.clock,
    start: () => this.#start(),
    replaced: ({ name }) => void this.replaced.push(name),
  });

  /** After so long, and after what follows from it. */
  async later(ms: number): Promise<void> {
    for (let i = 0; i < 5; i++) await Promise.resolve();
    this.clock.advance(ms);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }

  #start(): Known {
    let hasLeft = false;
    let resolve = (): void => {};
    const ended = new Promise<void>((settle) => (resolve = settle));
    const end = (left: boolean): void => {
      hasLeft = left;
      resolve();
    };
    const hand = { name: this.hands.length, ended, hasLeft: () => hasLeft, end, kill: () => end(false) };
    this.hands.push(hand);
    return hand;
  }
}

describe('a crew', () => {
  test('replaces one that died at once, or after half a second if it had hardly begun', async () => {
    const site = new Site();
    site.hands[0]!.end(false);
    await site.later(499);
    expect([site.replaced, site.hands.length]).toEqual([[0], 2]);
    await site.later(1);
    expect([site.replaced, site.hands.length]).toEqual([[0], 3]);
    await site.later(5000);
    site.hands[1]!.end(false);
    await site.later(0);
    expect([site.replaced, site.hands.length]).toEqual([[0, 1], 4]);
  });

  test('waits half a second before it replaces one that has left, and lets it be once it is closed', async () => {
    const site = new Site();
    await site.later(10_000);
    site.hands[0]!.end(true);
    await site.later(499);
    expect([site.replaced, site.hands.length]).toEqual([[], 2]);
    await site.later(1);
    expect([site.replaced, site.hands.length]).toEqual([[0], 3]);
    await site.later(10_000);
    site.hands[1]!.end(true);
    await site.later(100);
    const closed = site.crew.close();
    site.hands[2]!.end(true);
    await site.later(60_000);
    await closed;
    expect([site.replaced, site.hands.length]).toEqual([[0], 3]);
  });

  test('WP1: none outlives its end by more than two seconds', async () => {
    const site = new Site();
    let isClosed = false;
    void site.crew.close().then(() => (isClosed = true));
    site.hands[0]!.end(true);
    await site.later(1999);
    expect([isClosed, site.crew.hands.size]).toEqual([false, 1]);
    await site.later(1);
    expect([isClosed, site.crew.hands.size, site.replaced]).toEqual([true, 0, []]);
  });
});
