/** What a run of the generator is made of: the same settings, the same events. */
export interface NexmarkSettings {
  /** 1 unless said. */
  readonly seed?: number;
  /** Events in a second of event time; 10,000 unless said. */
  readonly rate?: number;
  /** Time of the first event, in ms since 1970; 2015-07-14T23:58:20Z unless said, so that a day ends after 100 s. */
  readonly baseTimeMs?: number;
  /** Within groups of so many events they come out of order; 1, in order, unless said. */
  readonly outOfOrderGroupSize?: number;
}

const defaults: Required<NexmarkSettings> = {
  seed: 1,
  rate: 10_000,
  baseTimeMs: Date.UTC(2015, 6, 14, 23, 58, 20),
  outOfOrderGroupSize: 1,
};

/** By what positions within a group are multiplied; a prime. */
export const disorderFactor = 953;

const isCount = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;

/** All settings. @throws RangeError for one that makes no sense, in words for who gave it */
export function completed(settings: NexmarkSettings): Required<NexmarkSettings> {
  const all = { ...defaults, ...settings };
  if (!isCount(all.seed, 0)) throw new RangeError(`${all.seed} is no seed: give a whole number from 0 to 2^53`);
  if (!(all.rate > 0 && all.rate < Number.POSITIVE_INFINITY))
    throw new RangeError(`${all.rate} is no rate: give events a second, more than 0`);
  if (!isCount(all.baseTimeMs, 0) || all.baseTimeMs > Date.UTC(9999, 0))
    throw new RangeError(`${all.baseTimeMs} is no time of a first event: give whole milliseconds since 1970`);
  const group = all.outOfOrderGroupSize;
  if (!isCount(group, 1)) throw new RangeError(`${group} is no size of a group: give a whole number from 1`);
  if (group % disorderFactor === 0)
    throw new RangeError(`groups of ${group} would hold events twice: give a size that ${disorderFactor} does not divide`);
  return all;
}
