/** Sessions. */
import { aggregate, avg, call, count, schema, sessionWindow, type Stream, sum, t, timestamp } from 'weir';
import type { Definitions } from '../run.ts';
import { seconds, timed } from './timed.ts';

const Word = schema({ word: t.string, at: t.timestamp });

/** The words of a text, each with the text's time. */
const words = (texts: Stream<any>) =>
  (texts as Stream<{ value: string; timestamp: number }>)
    .flatMap(({ value, timestamp: at }) => value.split(' ').map((word) => ({ word, at: timestamp(at * 1000) })), Word)
    .withWatermark('at', '30 seconds');

const global = (numbers: Stream<any>) =>
  timed(numbers, '10 seconds')
    .groupBy(sessionWindow('at', '5 seconds'))
    .agg({ count: count(), sum: sum('value') })
    .map(({ window, ...row }) => ({ start_sec: seconds(window.start), end_sec: seconds(window.end), ...row }));

const perWord = (texts: Stream<any>) =>
  words(texts)
    .groupBy(sessionWindow('at', '10 seconds'), 'word')
    .agg({ numEvents: count() })
    .map(({ window, ...row }) => ({
      ...row,
      start_sec: seconds(window.start),
      end_sec: seconds(window.end),
      duration: seconds(window.end - window.start),
    }));

const gaps: Readonly<Record<string, number>> = { hello: 1000, structured: 0, world: -10_000 };

/** What is made of all seconds of a session, in order. */
const ofAll = (result: (all: readonly number[]) => number) =>
  aggregate({
    state: t.list(t.number),
    create: (): readonly number[] => [],
    accumulate: (all, ms: number) => [...all, ms / 1000].toSorted((a, b) => a - b),
    merge: (a, b) => [...a, ...b].toSorted((x, y) => x - y),
    result: (all) => Math.trunc(result(all)),
  });
const median = ofAll((all) => (all[(all.length - 1) >> 1]! + all[all.length >> 1]!) / 2);
const meanOf = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0) / all.length;
const varianceOf = (all: readonly number[]): number =>
  all.reduce((total, each) => total + (each - meanOf(all)) ** 2, 0) / (all.length - 1);
const variance = ofAll(varianceOf);
const deviation = ofAll((all) => Math.sqrt(varianceOf(all)));

export const sessions: Definitions = {
  'spark/session-append-no-key': ({ input }) => global(input!),
  'spark/session-update-no-key': ({ input }) => global(input!),
  'spark/session-complete': ({ input }) => perWord(input!).map(({ word, ...row }) => ({ ...row, sessionId: word })),
  'spark/session-complete-multi-key': ({ input }) =>
    perWord(input!).map(({ word, ...row }) => ({ ...row, keyDouble: [word, word], keySingle: word })),
  'spark/session-dynamic-gap-nested-key': ({ input }) =>
    words(input!)
      .groupBy((c) => ({
        window: sessionWindow(c.at, call((word: string) => gaps[word] ?? 10_000, c.word).as(t.number)),
        word: c.word,
      }))
      .agg({ numEvents: count() })
      .map(({ window, word, numEvents }) => ({
        sessionId: [[word, word], word],
        start_sec: seconds(window.start),
        end_sec: seconds(window.end),
        duration: seconds(window.end - window.start),
        numEvents,
      })),
  'spark/session-more-aggregates': ({ input }) =>
    words(input!)
      .groupBy((c) => ({ window: sessionWindow(c.at, '10 seconds'), word: c.word }))
      .agg((c) => {
        const ms = c.at.toNumber();
        return { mean: avg(ms), median: median(ms), stddev: deviation(ms), variance: variance(ms), mySum: sum(ms) };
      })
      .map(({ window, word, mean, mySum, ...row }) => ({
        sessionId: word,
        start_sec: seconds(window.start),
        end_sec: seconds(window.end),
        mean: Math.trunc(seconds(mean)),
        mySum: seconds(mySum),
        ...row,
      })),
};
