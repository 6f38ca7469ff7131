import { beforeEach, describe, expect, test } from 'vitest';
import { SourceFeed, type SplitStart } from '../../src/actors/source-feed.ts';
import { silentLogger, WeirError } from '../../src/core/index.ts';
import type { Piece, SourceContext, SourceDefinition } from '../../src/operators/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { batch, numbers, valuesOf } from './fakes.ts';

/** A source whose reads a test answers one by one. A piece is one number; its position is that number. */
class ManualSource {
  readonly log: string[] = [];
  readonly #given = new Map<string, (Piece | null | Error)[]>();
  readonly #asked = new Map<string, () => void>();
  readonly definition: SourceDefinition = {
    type: 'source',
    name: 'manual',
    guarantee: 'exactly-once',
    schema: numbers,
    identity: 'manual',
    bounded: true,
    splits: async () => [],
    open: async (split, from, records, context) => {
      this.log.push(`open ${split} from ${String(from)} after ${records}`);
      return { read: () => this.#read(split, context), close: async () => void this.log.push(`close ${split}`) };
    },
  };

  /** Reads of the split that have been asked for. */
  reads(split: string): number {
    return this.log.filter((entry) => entry === `read ${split}`).length;
  }

  async give(split: string, ...pieces: (number | null | Error | Piece)[]): Promise<void> {
    const given = this.#given.get(split) ?? [];
    this.#given.set(split, given);
    given.push(
      ...pieces.map((piece) =>
        typeof piece === 'number' ? { batch: batch(piece), dead: [], records: 1, position: piece } : piece,
      ),
    );
    this.#asked.get(split)?.();
    await settle();
  }

  async #read(split: string, { signal }: SourceContext): Promise<Piece | null> {
    this.log.push(`read ${split}`);
    for (;;) {
      const piece = this.#given.get(split)?.shift();
      if (piece instanceof Error) throw piece;
      if (piece !== undefined) return piece;
      await new Promise<void>((resolve, reject) => {
        this.#asked.set(split, resolve);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
  }
}
/** Lets every promise that can go on do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let clock: VirtualClock;
let source: ManualSource;
let woken: number;
beforeEach(() => {
  clock = new VirtualClock();
  source = new ManualSource();
  woken = 0;
});

async function started(starts: readonly (string | SplitStart)[], idleAfterMs = 0, drains = false): Promise<SourceFeed> {
  const feed = new SourceFeed({
    definition: source.definition,
    context: { job: 'test', operator: 'in', clock, logger: silentLogger, journal: openMemoryStores().journal, batchRowsMax: 10 },
    starts: starts.map((start) =>
      typeof start === 'string' ? { split: start, position: undefined, records: 0, ended: false } : start,
    ),
    idleAfterMs,
    drains,
    wake: () => woken++,
  });
  feed.start();
  await settle();
  return feed;
}
const take = (feed: SourceFeed): string | undefined => {
  const next = feed.take();
  return next === undefined ? undefined : `${next.split}:${valuesOf(next.piece.batch!).join(',')}`;
};
function events(feed: SourceFeed): string[] {
  const all: string[] = [];
  for (let event = feed.takeEvent(); event !== undefined; event = feed.takeEvent()) all.push(`${event.split} ${event.state}`);
  return all;
}
const position = (feed: SourceFeed, split = 'a'): unknown => {
  const { position, records } = feed.splits.find((each) => each.split === split)!;
  return [position, records];
};

describe('a source feed', () => {
  test('SF1: the position of a split is the one after the last piece handed over, not one read ahead', async () => {
    const feed = await started(['a']);
    await source.give('a', 10, 20, 30);
    expect(position(feed)).toEqual([undefined, 0]);
    expect([take(feed), position(feed)]).toEqual(['a:10', [10, 1]]);
    await settle();
    expect([take(feed), position(feed)]).toEqual(['a:20', [20, 2]]);
  });

  test('SF1: goes on from the restored position, with the records that lie before it', async () => {
    const feed = await started([{ split: 'a', position: 7, records: 70, ended: false }]);
    expect(source.log[0]).toBe('open a from 7 after 70');
    expect(position(feed)).toEqual([7, 70]);
    await source.give('a', 8);
    take(feed);
    expect(position(feed)).toEqual([8, 71]);
  });

  test('SF2: reads at most two pieces of each split ahead', async () => {
    const feed = await started(['a', 'b']);
    await source.give('a', 1, 2, 3, 4, 5);
    expect([source.reads('a'), source.reads('b')]).toEqual([2, 1]);
    take(feed);
    await settle();
    expect(source.reads('a')).toBe(3);
  });

  test('takes splits in turn, and wakes its task for every piece', async () => {
    const feed = await started(['a', 'b', 'c']);
    await source.give('a', 1, 2);
    await source.give('c', 3);
    expect([woken, feed.available]).toEqual([3, true]);
    expect([take(feed), take(feed), take(feed), take(feed)]).toEqual(['a:1', 'c:3', 'a:2', undefined]);
  });

  test('says first that every split is there, and at the end that it has ended, behind its last piece', async () => {
    const feed = await started(['a', 'b']);
    expect(events(feed)).toEqual(['a active', 'b active']);
    await source.give('a', 1, null);
    await source.give('b', null);
    expect([events(feed), feed.ended]).toEqual([['b ended'], false]);
    expect(take(feed)).toBe('a:1');
    expect(feed.ended).toBe(false);
    expect([events(feed), feed.ended, feed.available]).toEqual([['a ended'], true, false]);
    expect(source.log.filter((entry) => entry.startsWith('close'))).toEqual(['close a', 'close b']);
  });

  test('does not read a split again that had ended in the checkpoint', async () => {
    const feed = await started([{ split: 'a', position: 9, records: 9, ended: true }]);
    expect([source.log, events(feed), feed.ended, woken]).toEqual([[], ['a active', 'a ended'], true, 1]);
  });

  test('without splits has ended at once', async () => {
    expect((await started([])).ended).toBe(true);
  });

  test('SF3: a split is idle once a read has been outstanding for the time (T5), and active with its next piece', async () => {
    const feed = await started(['a'], 1000);
    events(feed);
    clock.advance(999);
    expect(events(feed)).toEqual([]);
    clock.advance(1);
    expect([events(feed), woken]).toEqual([['a idle'], 1]);
    await source.give('a', 1);
    expect([events(feed), take(feed)]).toEqual([['a active'], 'a:1']);
    await settle();
    clock.advance(1000);
    expect(events(feed)).toEqual(['a idle']);
  });

  test('SF3: is not idle while no read is outstanding, or a piece waits to be taken', async () => {
    const feed = await started(['a'], 1000);
    events(feed);
    await source.give('a', 1, 2, 3);
    clock.advance(5000);
    expect(events(feed)).toEqual([]);
    take(feed);
    await settle();
    take(feed);
    await settle();
    clock.advance(5000);
    expect(events(feed)).toEqual([]);
  });

  test('SF3: counts the time from the moment when the last waiting piece was taken', async () => {
    const feed = await started(['a'], 1000);
    events(feed);
    await source.give('a', 1);
    clock.advance(5000);
    expect([events(feed), take(feed)]).toEqual([[], 'a:1']);
    clock.advance(999);
    expect(events(feed)).toEqual([]);
    clock.advance(1);
    expect(events(feed)).toEqual(['a idle']);
  });

  test('SF1, SF3: a piece that says only the position moves that, behind what waits, and an idle split stays idle', async () => {
    const feed = await started(['a'], 1000);
    const at = (position: number): Piece => ({ batch: null, dead: [], records: 0, position });
    await source.give('a', 1, at(2));
    expect(feed.splits[0]?.position).toBe(undefined);
    take(feed);
    expect([feed.splits[0]?.position, feed.available]).toEqual([2, true]);
    events(feed);
    clock.advance(600);
    await source.give('a', at(3));
    expect([feed.splits[0]?.position, feed.splits[0]?.records, feed.available]).toEqual([3, 1, false]);
    clock.advance(400);
    expect(events(feed)).toEqual(['a idle']);
    await source.give('a', at(4));
    expect(events(feed)).toEqual([]);
    await source.give('a', 5);
    expect(events(feed)).toEqual(['a active']);
  });

  test('SF3: a split that ends while it is idle has ended, and stays so', async () => {
    const feed = await started(['a'], 1000);
    clock.advance(1000);
    await source.give('a', null);
    clock.advance(10_000);
    expect(events(feed)).toEqual(['a active', 'a idle', 'a ended']);
    expect(clock.due).toBe(false);
  });

  test('fails with the split and how far it had come; the error of a connector stays itself', async () => {
    const feed = await started(['a', 'b']);
    await source.give('a', 1);
    take(feed);
    await source.give('a', new Error('connection lost'));
    expect(feed.available).toBe(true);
    expect(() => feed.takeEvent()).toThrow(
      expect.objectContaining({ code: 'E_SOURCE', message: 'source manual, split a, after 1 records: connection lost' }),
    );
    const own = new WeirError('E_SOURCE_CHANGED', 'another file');
    const other = await started(['c']);
    await source.give('c', own);
    expect(() => other.takeEvent()).toThrow(own);
  });

  test('fails when a split cannot be opened', async () => {
    const feed = new SourceFeed({
      definition: { ...source.definition, open: async () => Promise.reject(new Error('no such file')) },
      context: {
        job: 'test',
        operator: 'in',
        clock,
        logger: silentLogger,
        journal: openMemoryStores().journal,
        batchRowsMax: 10,
      },
      starts: [{ split: 'a', position: undefined, records: 0, ended: false }],
      idleAfterMs: 0,
      wake: () => {},
    });
    feed.start();
    await settle();
    expect(() => feed.takeEvent()).toThrow('source manual, split a, after 0 records: no such file');
  });

  test('ends its reads and closes its readers when it is closed, whether they read or wait for room', async () => {
    const feed = await started(['a', 'b'], 1000);
    await source.give('a', 1, 2, 3);
    await feed.close();
    expect(source.log.filter((entry) => entry.startsWith('close')).sort()).toEqual(['close a', 'close b']);
    expect(source.reads('a')).toBe(2);
    clock.advance(1000);
    expect(events(feed)).toEqual(['a active', 'b active']);
  });
});

describe('a feed of a run that ends with what is there', () => {
  const of = (split: string, records: number, more: Partial<SplitStart> = {}): SplitStart => ({
    split,
    position: records,
    records,
    ended: false,
    ...more,
  });

  test('comes to its end without that any split ends', async () => {
    const feed = await started(['a', 'b'], 0, true);
    await source.give('a', 1, null);
    await source.give('b', 2, null);
    expect(feed.ended).toBe(false);
    expect([take(feed), take(feed), events(feed), feed.ended]).toEqual([
      'a:1',
      'b:2',
      ['a pending', 'b pending', 'a active', 'b active'],
      true,
    ]);
    expect(feed.splits.map(({ state }) => state)).toEqual(['active', 'active']);
  });

  test('has a split idle that had nothing new since the last such run, however often this one has begun', async () => {
    const feed = await started([of('a', 3, { drained: 3 }), of('b', 5, { drained: 3 }), of('c', 0)], 0, true);
    for (const split of ['a', 'b', 'c']) await source.give(split, null);
    expect(events(feed)).toEqual(['a pending', 'b active', 'c pending', 'a idle', 'c idle']);
    expect([feed.ended, feed.splits.map(({ drained }) => drained)]).toEqual([true, [3, 3, undefined]]);
  });

  test('does not open a split that is not there any more, or that has ended', async () => {
    const feed = await started([of('a', 3, { drained: 3, absent: true }), of('b', 5, { ended: true })], 0, true);
    expect([events(feed), feed.ended, source.log]).toEqual([['a pending', 'b active', 'a idle', 'b idle'], true, []]);
  });

  test('waits for a split that is silent: it is not idle for that', async () => {
    const feed = await started(['a'], 1000, true);
    clock.advance(60_000);
    expect([events(feed), feed.ended]).toEqual([['a pending'], false]);
  });
});
