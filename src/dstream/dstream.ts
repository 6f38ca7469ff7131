/** The face of a DStream: Spark's verbs, over batches that are epochs. Types only. */
import type { Duration } from '../core/index.ts';

/**
 * A stream that is cut into batches by time: what has arrived within a batch interval is one batch, which may be empty.
 *
 * Keys are strings, numbers, booleans, null, bytes, or arrays of these; values are whatever can be serialized. Functions give new values: what they are given they
 * leave as it is. One that throws fails the batch, which is tried again, and then the program: `awaitTermination` rejects.
 */
export interface DStream<T> {
  /** A pair, as in Scala: `map((word) => [word, 1])`. */
  map<K, V>(fn: (value: T) => [K, V]): DStream<readonly [K, V]>;
  /** Each value as what `fn` makes of it. */
  map<U>(fn: (value: T) => U): DStream<U>;
  /** All values that `fn` makes of each: `flatMap((line) => line.split(' '))`. */
  flatMap<U>(fn: (value: T) => Iterable<U>): DStream<U>;
  /** Only values for which `fn` says true. */
  filter(fn: (value: T) => boolean): DStream<T>;
  /** The batches of both, put together. @throws WeirError `E_PLAN` if they slide by different times, or are of different contexts */
  union(other: DStream<T>): DStream<T>;
  /**
   * The batches of the last `length`, put together, one such batch each `slide` (each batch of this stream unless said). What is derived from it has a batch each
   * `slide`, too. The first comes after one `slide`, with what there is.
   *
   * @throws WeirError `E_PLAN` for a length or slide that is no multiple of the time by which this stream slides
   */
  window(length: Duration, slide?: Duration): DStream<T>;
  /** How often each value is in the batch, in the order of their first arrival. Values are keys here. */
  countByValue(): DStream<readonly [T, number]>;
  /** The values of each key in the batch, made one by `fn`, which is associative and commutative. Keys in the order of their first arrival. */
  reduceByKey<K, V>(this: DStream<readonly [K, V]>, fn: (a: V, b: V) => V): DStream<readonly [K, V]>;
  /**
   * As `window(length, slide).reduceByKey(fn)`, but of each batch only one value a key is kept. With `inverse`, which takes `b` out of `a` again, a window is
   * made of the one before it: the result is the same, and costs the same however long the window is. A key of which the window holds nothing is gone.
   *
   * @throws WeirError `E_PLAN` as `window`
   */
  reduceByKeyAndWindow<K, V>(
    this: DStream<readonly [K, V]>,
    fn: (a: V, b: V) => V,
    length: Duration,
    slide: Duration,
    inverse?: (a: V, b: V) => V,
  ): DStream<readonly [K, V]>;
  /**
   * State for each key. In each batch `fn` is called for each key that is known or new, with the values that have come for it, of which there may be none;
   * what it gives is the key's state from then on, and `undefined` forgets the key. Each batch is the whole state.
   */
  updateStateByKey<K, V, S>(
    this: DStream<readonly [K, V]>,
    fn: (values: readonly V[], state: S | undefined) => S | undefined,
  ): DStream<readonly [K, S]>;
  /** Each pair of values that have the same key in the same batch. @throws WeirError `E_PLAN` as `union` */
  join<K, V, W>(this: DStream<readonly [K, V]>, other: DStream<readonly [K, W]>): DStream<readonly [K, readonly [V, W]]>;
  /** Each batch as what `fn` makes of all of it; `time` is that of the batch, ms. */
  transform<U>(fn: (batch: readonly T[], time: number) => readonly U[]): DStream<U>;
  /**
   * Hands over each batch, in order, once it is complete; in the next run perhaps the last one again, with the same values and the same time. An empty batch is
   * a batch. The next one is complete only when `fn` is done. In it `stop()` must not be awaited, which waits for it.
   */
  foreachRDD(fn: (batch: readonly T[], time: number) => void | Promise<void>): void;
  /** The first `rows` (10) values of each batch on stdout, under its time. @throws WeirError `E_PLAN` for a number of rows that is none */
  print(rows?: number): void;
}
