// What must be inferred of DStreams. `same<A, B>()` compiles only if the two types are identical. Run by test/api/types.test.ts.
import { type DStream, StreamingContext } from 'weir/dstream';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(...proof: Same<A, B> extends true ? [] : [never]): void;

const ssc = new StreamingContext('2 seconds', { appName: 'WordCountStreaming' });
const lines = ssc.socketTextStream('localhost', 9999);
same<typeof lines, DStream<string>>();
const words = lines.flatMap((line) => line.split(' '));
same<typeof words, DStream<string>>();

// a function that gives two values gives a pair; anything else is what it is
const pairs = words.map((word) => [word, 1]);
same<typeof pairs, DStream<readonly [string, number]>>();
const lengths = words.map((word) => word.length);
same<typeof lengths, DStream<number>>();
const objects = words.map((word) => ({ word }));
same<typeof objects, DStream<{ word: string }>>();

const counts = pairs.reduceByKey((a, b) => a + b);
same<typeof counts, DStream<readonly [string, number]>>();
const values = lengths.countByValue();
same<typeof values, DStream<readonly [number, number]>>();
const windowed = pairs.reduceByKeyAndWindow(
  (a, b) => a + b,
  '30 seconds',
  '10 seconds',
  (a, b) => a - b,
);
same<typeof windowed, DStream<readonly [string, number]>>();
const best = pairs.updateStateByKey((ones, state: { n: number } | undefined) => ({ n: (state?.n ?? 0) + ones.length }));
same<typeof best, DStream<readonly [string, { n: number }]>>();
const joined = counts.join(words.map((word) => [word, word.length > 3]));
same<typeof joined, DStream<readonly [string, readonly [number, boolean]]>>();
const times = words.window('1 minute').transform((batch, time) => batch.map((word) => `${word} ${time.toFixed()}`));
same<typeof times, DStream<string>>();
const queued = ssc.queueStream([[1, 2], [], [3]]);
same<typeof queued, DStream<number>>();
queued.union(lengths).foreachRDD(async (batch, time) => same<[typeof batch, typeof time], [readonly number[], number]>());
