/**
 * The one implementation of `DStream`: a stream whose rows are values, and by how many batches it slides.
 *
 * Owns: what each verb is in the engine's own operators: verbs on single values are row verbs, all others take a batch together (`perEpoch`). A batch is an epoch, so
 * batches are counted, not measured: a window holds the last so many, however long each of them took.
 */
import { type AnySchema, type Output, type PerEpoch, perEpoch, schema, type Stream, t } from '../api/index.ts';
import { foreachBatch } from '../connectors/index.ts';
import { type Duration, WeirError } from '../core/index.ts';
import type { BatchInterval } from './batch-interval.ts';
import { batchText } from './batch-text.ts';
import { Boxed, boxed, combining, type Combine, keyOf, pairOf, valueOf } from './boxed.ts';
import type { DStream } from './dstream.ts';
import { nextWindow, type ReducedWindow, windowValue } from './reduced-window.ts';

interface Batch {
  readonly time: number;
  readonly values: readonly unknown[];
}
const Batch: AnySchema<any, Batch> = schema({ time: t.number, values: t.any<readonly unknown[]>() });
type BatchFunction = (values: readonly unknown[], time: number) => void | Promise<void>;

/** The program that streams belong to. */
export interface BatchProgram {
  readonly interval: BatchInterval;
  add(output: Output): void;
  /** To stdout. */
  write(text: string): Promise<void>;
}

export class BatchStream {
  readonly rows: Stream<Boxed>;
  readonly #program: BatchProgram;
  /** It has a batch at each so many batches. */
  readonly #slide: number;

  constructor(program: BatchProgram, rows: Stream<Boxed>, slide = 1) {
    this.rows = rows;
    this.#program = program;
    this.#slide = slide;
  }

  map(fn: (value: unknown) => unknown): BatchStream {
    requireFunction(fn, 'map()');
    return this.#then(this.rows.map(({ value }) => boxed(fn(value)), Boxed));
  }

  flatMap(fn: (value: unknown) => Iterable<unknown>): BatchStream {
    requireFunction(fn, 'flatMap()');
    return this.#then(this.rows.flatMap(({ value }) => Array.from(fn(value), boxed), Boxed));
  }

  filter(fn: (value: unknown) => boolean): BatchStream {
    requireFunction(fn, 'filter()');
    return this.#then(this.rows.filter(({ value }) => fn(value)));
  }

  union(other: BatchStream): BatchStream {
    this.#requireLike(other, 'union()');
    return this.#then(this.rows.union(other.rows));
  }

  window(length: Duration, slide?: Duration): BatchStream {
    const [batches, every] = this.#window('window()', length, slide);
    const kept = batches / this.#slide;
    return this.#then(
      this.#together('window()', `window of ${kept} batches each ${every}`, (rows, { state, batch }) => {
        const all = [...((state ?? []) as unknown[][]), rows.map(valueOf)];
        const before = kept === 1 ? [] : all.slice(1 - kept);
        const isDue = batch % every === 0;
        return { rows: isDue ? all.flat().map(boxed) : [], ...(before.length === 0 ? {} : { state: before }) };
      }),
      every,
    );
  }

  countByValue(): BatchStream {
    const pairs = this.rows.map(({ value }) => boxed([value, 1]), Boxed);
    return this.#then(this.#reduced(pairs, 'countByValue()', (a, b) => (a as number) + (b as number)));
  }

  reduceByKey(fn: Combine): BatchStream {
    requireFunction(fn, 'reduceByKey()');
    return this.#then(this.#reduced(this.rows, 'reduceByKey()', fn));
  }

  reduceByKeyAndWindow(fn: Combine, length: Duration, slide: Duration, inverse?: Combine): BatchStream {
    const verb = 'reduceByKeyAndWindow()';
    requireFunction(fn, verb);
    if (inverse !== undefined) requireFunction(inverse, verb);
    const [batches, every] = this.#window(verb, length, slide);
    const of = { fn, inverse, length: batches };
    const inWords = `reduced window of ${batches / this.#slide} batches each ${every}${inverse === undefined ? '' : ', with an inverse'}`;
    return this.#then(
      this.#perKey(this.rows, verb, {
        does: inWords,
        fold: combining(fn),
        onEpoch: ([row], { key, state, batch }) => {
          const came = row === undefined ? undefined : { value: pairOf(row)[1] };
          const window = nextWindow(of, state as ReducedWindow | undefined, batch, came);
          if (window === undefined) return { rows: [] };
          return { rows: batch % every === 0 ? [boxed([key, windowValue(of, window)])] : [], state: window };
        },
      }),
      every,
    );
  }

  updateStateByKey(fn: (values: readonly unknown[], state: unknown) => unknown): BatchStream {
    requireFunction(fn, 'updateStateByKey()');
    return this.#then(
      this.#perKey(this.rows, 'updateStateByKey()', {
        does: 'updateStateByKey',
        onEpoch: (rows, { key, state }) => {
          const next = fn(
            rows.map((row) => pairOf(row)[1]),
            state,
          );
          return next === undefined ? { rows: [] } : { rows: [boxed([key, next])], state: next };
        },
      }),
    );
  }

  join(other: BatchStream): BatchStream {
    this.#requireLike(other, 'join()');
    const sided = ({ rows }: BatchStream, side: 0 | 1): Stream<Boxed> =>
      rows.map((row) => {
        const [key, value] = pairOf(row);
        return boxed([key, [side, value]]);
      }, Boxed);
    return this.#then(
      this.#perKey(sided(this, 0).union(sided(other, 1)), 'join()', {
        does: 'join within a batch',
        onEpoch: (rows, { key }) => {
          const all = rows.map((row) => pairOf(row)[1] as readonly [0 | 1, unknown]);
          const of = (wanted: 0 | 1): unknown[] => all.filter(([side]) => side === wanted).map(([, value]) => value);
          const right = of(1);
          return { rows: of(0).flatMap((a) => right.map((b) => boxed([key, [a, b]]))) };
        },
      }),
    );
  }

  transform(fn: (values: readonly unknown[], time: number) => readonly unknown[]): BatchStream {
    requireFunction(fn, 'transform()');
    return this.#then(
      this.#together('transform()', 'transform', (rows, { time }) => ({ rows: fn(rows.map(valueOf), time).map(boxed) })),
    );
  }

  foreachRDD(fn: BatchFunction): void {
    requireFunction(fn, 'foreachRDD()');
    this.#each('foreachRDD()', Infinity, fn);
  }

  print(rows = 10): void {
    if (!Number.isSafeInteger(rows) || rows < 1)
      throw new WeirError('E_PLAN', `print(): ${rows} is no number of rows`, { hint: 'give a whole number from 1' });
    this.#each('print()', rows + 1, (values, time) => this.#program.write(batchText(values, rows, time)));
  }

  // ── what verbs are made of

  #then(rows: Stream<Boxed>, slide = this.#slide): BatchStream {
    return new BatchStream(this.#program, rows, slide);
  }

  #perKey(rows: Stream<Boxed>, verb: string, definition: Omit<PerEpoch<Boxed, Boxed>, 'key' | 'every'>): Stream<Boxed> {
    return perEpoch(rows, verb, { ...definition, key: keyOf, every: this.#slide }, Boxed);
  }

  #together(verb: string, does: string, onEpoch: PerEpoch<Boxed, Boxed>['onEpoch']): Stream<Boxed> {
    return perEpoch(this.rows, verb, { does, every: this.#slide, onEpoch }, Boxed);
  }

  #reduced(pairs: Stream<Boxed>, verb: string, fn: Combine): Stream<Boxed> {
    return this.#perKey(pairs, verb, { does: 'reduced by key', fold: combining(fn), onEpoch: (rows) => ({ rows }) });
  }

  /** Each batch as one row, in the order of epochs; all of it, or its first values. */
  #each(verb: string, most: number, fn: BatchFunction): void {
    const batches = perEpoch<Boxed, Batch>(
      this.rows,
      verb,
      {
        does: verb,
        every: this.#slide,
        onEpoch: (rows, { time }) => ({ rows: [{ time, values: rows.slice(0, most).map(valueOf) }] }),
      },
      Batch,
    );
    const sink = foreachBatch<Batch>(async (epoch) => {
      for (const { values, time } of epoch) await fn(values, time);
    });
    this.#program.add(batches.to(sink));
  }

  /** In batches of the program: the length, and the slide. */
  #window(verb: string, length: Duration, slide: Duration | undefined): readonly [number, number] {
    const { interval } = this.#program;
    const own = this.#slide;
    return [
      interval.batches(length, own, `${verb} length`),
      slide === undefined ? own : interval.batches(slide, own, `${verb} slide`),
    ];
  }

  #requireLike(other: BatchStream, verb: string): void {
    if (!(other instanceof BatchStream) || other.#program !== this.#program)
      throw new WeirError('E_PLAN', `${verb}: it takes another DStream of the same StreamingContext`);
    if (other.#slide === this.#slide) return;
    throw new WeirError(
      'E_PLAN',
      `${verb}: one of the streams has a batch each ${this.#slide} intervals, the other each ${other.#slide}`,
      {
        hint: 'let both slide by the same time, with window()',
      },
    );
  }
}

function requireFunction(fn: unknown, verb: string): void {
  if (typeof fn !== 'function') throw new WeirError('E_PLAN', `${verb}: it takes a function, not ${typeof fn}`);
}

/** The types of the verbs follow values, which the engine's rows here do not. */
export const asDStream = <T>(stream: BatchStream): DStream<T> => stream as unknown as DStream<T>;
