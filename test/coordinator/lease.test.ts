import { beforeEach, describe, expect, test } from 'vitest';
import { acquireLease, type Lease, leaseMs } from '../../src/coordinator/index.ts';
import { sleep } from '../../src/core/index.ts';
import { MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import type { PointerStore } from '../../src/state/index.ts';
import { settle } from './fleet.ts';

let disk: MemoryDisk;
let clock: VirtualClock;
let waited: string[];
beforeEach(() => {
  disk = new MemoryDisk();
  clock = new VirtualClock();
  waited = [];
});

function contend(
  holder: string,
  pointers: PointerStore = openMemoryStores(disk).pointers,
  former: readonly string[] = [],
  hasWaited = false,
) {
  const controller = new AbortController();
  const state = {
    lease: null as Lease | null,
    lost: '',
    error: '',
    over: '',
    stop: () => controller.abort(new Error('stopped')),
  };
  acquireLease({
    pointers,
    clock,
    holder,
    former: new Set(former),
    hasWaited,
    signal: controller.signal,
    waiting: (other) => void waited.push(`${holder} for ${other}`),
  }).then(
    (lease) => {
      if (typeof lease === 'string') return void (state.over = lease);
      state.lease = lease;
      lease.lost.catch((error: Error) => (state.lost = error.message));
    },
    (error: Error) => (state.error = error.message),
  );
  return state;
}
async function pass(ms: number): Promise<void> {
  for (let i = 0; i < ms; i += 50) {
    clock.advance(50);
    await settle();
  }
}

describe('the lease', () => {
  test('is taken at once where nobody holds it, and kept for as long as its holder lives', async () => {
    const a = contend('a');
    await settle();
    expect(a.lease).not.toBeNull();
    const b = contend('b');
    await pass(20 * leaseMs);
    expect([a.lost, b.lease, waited]).toEqual(['', null, ['b for a']]);
    b.stop();
    await pass(200);
    expect(b.error).toBe('stopped');
  });

  test('LE2: passes on after its holder fell silent, within 3 s, once that one must have given up', async () => {
    let silent = false;
    const { pointers } = openMemoryStores(disk);
    const a = contend('a', {
      read: (name) => (silent ? Promise.reject(new Error('timeout')) : pointers.read(name)),
      compareAndSet: (...args) => (silent ? Promise.reject(new Error('timeout')) : pointers.compareAndSet(...args)),
    });
    await settle();
    const b = contend('b');
    await pass(5000);
    silent = true;
    const from = clock.monotonic();
    while (b.lease === null) {
      await pass(50);
      if (b.lease !== null) expect(a.lost).toContain('could not be renewed in time');
    }
    expect(clock.monotonic() - from).toBeLessThanOrEqual(3000);
  });

  test('is taken at once from an earlier life of the same coordinator', async () => {
    contend('a');
    await settle();
    const again = contend('a again', undefined, ['a']);
    await settle();
    expect(again.lease).not.toBeNull();
    expect(waited).toEqual([]);
  });

  test('LE1: of many contenders one gets it once it is given back', async () => {
    const a = contend('a');
    await settle();
    const others = ['b', 'c', 'd'].map((name) => contend(name));
    await settle();
    await a.lease!.release();
    await pass(1000);
    expect(others.filter(({ lease }) => lease !== null)).toHaveLength(1);
  });

  test('that is given back because the job is over lets those who waited go, and those who had led; one that comes then leads', async () => {
    const a = contend('a');
    await settle();
    const [b, c] = [contend('b'), contend('c')];
    await pass(300);
    await a.lease!.release('stopped');
    await pass(300);
    const led = contend('d', undefined, ['a'], true);
    await settle();
    expect([b, c, led].map(({ lease, over }) => [lease, over])).toEqual([
      [null, 'stopped'],
      [null, 'stopped'],
      [null, 'stopped'],
    ]);
    const later = contend('e');
    await settle();
    expect(later.lease?.isHeld).toBe(true);
    const next = contend('f');
    await pass(300);
    await later.lease!.release();
    await pass(300);
    expect([later.lease?.isHeld, next.lease?.isHeld, next.over]).toEqual([false, true, '']); // an old mark is no mark
  });

  test.each(['comes late', 'is lost'])(
    'is given back with its mark although a renewal is on its way, whose answer %s',
    async (how) => {
      const { pointers } = openMemoryStores(disk);
      let written = false;
      let renewals = 0;
      const a = contend('a', {
        read: (name) => pointers.read(name),
        compareAndSet: async (...args) => {
          const revision = await pointers.compareAndSet(...args);
          if (++renewals !== 2) return revision;
          written = true;
          await sleep(clock, 200);
          if (how === 'is lost') throw new Error('timeout');
          return revision;
        },
      });
      await settle();
      const b = contend('b');
      while (!written) await pass(50);
      const released = a.lease!.release('finished');
      await pass(1000);
      await released;
      expect([b.over, b.lease]).toEqual(['finished', null]);
    },
  );

  test('that another one took is lost at the next renewal', async () => {
    const a = contend('a');
    await settle();
    const { pointers } = openMemoryStores(disk);
    const found = await pointers.read('lease');
    await pointers.compareAndSet('lease', found!.revision, found!.value);
    await pass(leaseMs);
    expect(a.lost).toContain('another coordinator has taken it');
  });

  test('is renewed although each answer takes longer than it is from one renewal to the next', async () => {
    const { pointers } = openMemoryStores(disk);
    const a = contend('a', {
      read: (name) => pointers.read(name),
      compareAndSet: async (...args) => {
        const revision = await pointers.compareAndSet(...args);
        await sleep(clock, 600);
        return revision;
      },
    });
    await pass(10 * leaseMs);
    expect([a.lease?.isHeld, a.lost]).toEqual([true, '']);
  });

  test('is renewed although one answer was lost', async () => {
    let lose = false;
    const { pointers } = openMemoryStores(disk);
    const a = contend('a', {
      read: (name) => pointers.read(name),
      compareAndSet: async (...args) => {
        const revision = await pointers.compareAndSet(...args);
        if (!lose) return revision;
        lose = false;
        throw new Error('timeout');
      },
    });
    await settle();
    lose = true;
    await pass(10 * leaseMs);
    expect(a.lost).toBe('');
  });
});
