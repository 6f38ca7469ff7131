/**
 * Nexmark events as a source of Weir, made while a job runs.
 *
 * Owns: which split gives which events, and when. Split s of S gives every S-th epoch of 50 events, so each has persons, auctions and
 * bids in their proportions, and all are at the same event time. A position is how many events its split gave: any of them can be made
 * from its number, so a restored job goes on exactly. What decides the events is in the source's name, and so in its identity: state of
 * another run is refused.
 */
import { setTimeout } from 'node:timers/promises';
import { defineSource, type Source, t, WeirError } from 'weir';
import { completed, epochEvents, Generator, type NexmarkSettings } from './generator/index.ts';
import type { NexmarkRow } from './schemas.ts';

export interface NexmarkSourceOptions extends NexmarkSettings {
  /** How many in all; without, they come for ever. */
  readonly events?: number;
  /** Parts that can be read side by side (1). */
  readonly splits?: number;
  /**
   * Events a second of the clock, of all splits; 0 = as fast as it goes (0). Event n is due n / rate seconds after the first that this
   * process gives; what a standstill delays comes at once afterwards. `rate` is what event time goes by, and has nothing to do with it.
   */
  readonly rowsPerSecond?: number;
}

interface Run {
  readonly events: number;
  readonly splits: number;
  readonly rowsPerSecond: number;
}

const yieldRows = 1000;
const stepMs = 10;
const splitsMax = 1024;

/** Rows without a schema: views.ts makes columns of those of one kind. @throws WeirError `E_PLAN` for options that make no sense */
function source(options: NexmarkSourceOptions = {}): Source<NexmarkRow> {
  const { events = Number.POSITIVE_INFINITY, splits = 1, rowsPerSecond = 0, ...settings } = options;
  check(Number.isSafeInteger(events) || events === Number.POSITIVE_INFINITY, `${events} is no number of events`);
  check(events >= 0, `${events} is no number of events`);
  check(
    Number.isSafeInteger(splits) && splits >= 1 && splits <= splitsMax,
    `${splits} is no number of splits, 1 to ${splitsMax}`,
  );
  check(rowsPerSecond >= 0 && rowsPerSecond < Number.POSITIVE_INFINITY, `${rowsPerSecond} is no number of rows a second`);
  const all = checked(settings);
  let generator: Generator | undefined; // whoever only plans a job needs none
  return defineSource<NexmarkRow, number>({
    name: nameOf(all, splits),
    position: t.int,
    splits: async () => Array.from({ length: splits }, (_, split) => String(split)),
    read(split, from = 0, { signal }) {
      generator ??= new Generator(all);
      return rowsOf(generator, { events, splits, rowsPerSecond }, Number(split), from, signal);
    },
  });
}

/** Events made by us, not read: see `NexmarkSourceOptions`. */
export const nexmark = { source };

async function* rowsOf(generator: Generator, run: Run, split: number, from: number, signal: AbortSignal) {
  const rate = run.rowsPerSecond / run.splits;
  const startedAt = performance.now();
  const end = rowsOfSplit(run, split);
  for (let given = from; given < end; ) {
    const most = Math.min(yieldRows, end - given);
    const rows = rate === 0 ? most : Math.min(most, await due(rate, startedAt, given - from, signal));
    yield {
      rows: Array.from({ length: rows }, (_, i) => rowAt(generator, run.splits, split, given + i)),
      position: given + rows,
    };
    given += rows;
  }
}

/** How many more may come now, at least 1; waits until one may. */
async function due(rate: number, startedAt: number, given: number, signal: AbortSignal): Promise<number> {
  for (;;) {
    const elapsed = performance.now() - startedAt;
    const rows = Math.floor((elapsed * rate) / 1000) + 1 - given;
    if (rows >= 1) return rows;
    await setTimeout(Math.max(stepMs, Math.ceil((given * 1000) / rate - elapsed)), undefined, { signal });
  }
}

/** Events of a split: those of its whole epochs, and what it has of one that is cut off. */
function rowsOfSplit({ events, splits }: Run, split: number): number {
  if (events === Number.POSITIVE_INFINITY) return events;
  const epochs = Math.floor(events / epochEvents);
  const whole = Math.floor((epochs - split + splits - 1) / splits);
  return whole * epochEvents + (epochs % splits === split ? events % epochEvents : 0);
}

function rowAt(generator: Generator, splits: number, split: number, index: number): NexmarkRow {
  const epoch = Math.floor(index / epochEvents) * splits + split;
  return generator.event(epoch * epochEvents + (index % epochEvents)) as unknown as NexmarkRow; // times are numbers in both
}

function checked(settings: NexmarkSettings): Required<NexmarkSettings> {
  try {
    return completed(settings);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new WeirError('E_PLAN', `nexmark.source(): ${error.message}`, { cause: error });
  }
}

function nameOf({ seed, rate, baseTimeMs, outOfOrderGroupSize }: Required<NexmarkSettings>, splits: number): string {
  return `nexmark (seed ${seed}, rate ${rate}, base time ${baseTimeMs}, groups of ${outOfOrderGroupSize}, splits ${splits})`;
}

function check(condition: boolean, said: string): void {
  if (!condition) throw new WeirError('E_PLAN', `nexmark.source(): ${said}`);
}
