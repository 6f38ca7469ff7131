/** Streams as the world gives them: out of order, late, twice. */
import { type Duration, durationMs, seededRandom } from '../../core/index.ts';

/** What is used of fast-check's arbitraries. */
export interface MappedArbitrary<T> {
  map<U>(fn: (value: T) => U): MappedArbitrary<U>;
}

export interface OutOfOrderOptions<In> {
  /** The column of event times: ms, a `Date`, or text that `Date` reads. */
  readonly time: keyof In;
  /** What the watermark allows: most rows are moved by less. */
  readonly delay: Duration;
  /** Share of rows that come later than that (0.05). */
  readonly late?: number;
  /** Share of rows that come twice (0.02). */
  readonly duplicates?: number;
}

const msOf = (value: unknown): number => {
  const at = typeof value === 'number' ? value : new Date(value as string).getTime();
  return Number.isFinite(at) ? at : 0;
};

/** FNV-1a: the same rows are always moved in the same way, so that a failure shrinks. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * Shuffles rows in time: most a little, some by more than the watermark allows, some twice.
 *
 * @param rows an arbitrary of fast-check
 */
function outOfOrder<In, A extends MappedArbitrary<readonly In[]>>(rows: A, options: OutOfOrderOptions<In>): A {
  const { time, delay, late = 0.05, duplicates = 0.02 } = options;
  const delayMs = durationMs(delay, 'outOfOrder: delay');
  return rows.map((list) => {
    const random = seededRandom(seedOf(JSON.stringify(list)));
    const arrivals = list.flatMap((row) => {
      const at = msOf(row[time]);
      const isLate = random.next() < late;
      const arrives = at + random.next() * delayMs * (isLate ? 10 : 0.9);
      return random.next() < duplicates
        ? [
            { row, arrives },
            { row, arrives: arrives + random.next() * delayMs },
          ]
        : [{ row, arrives }];
    });
    return arrivals.toSorted((a, b) => a.arrives - b.arrives).map(({ row }) => row);
  }) as unknown as A;
}

export const arbitraries: { readonly outOfOrder: typeof outOfOrder } = { outOfOrder };
