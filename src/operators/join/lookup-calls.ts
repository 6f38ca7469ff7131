/**
 * Calls of a lookup's function: so many keys at a time, so many calls at once, each with a time limit, and again after a failure.
 *
 * Owns: what becomes of a failure: the keys of a call that failed each time it was made have no answer but that. Does not own: what is
 * remembered (lookup-cache.ts), and what becomes of the rows (lookup-operator.ts).
 */
import { type Batch, BatchBuilder } from '../../batch/index.ts';
import { type Clock, formatMs, sleep, WeirError } from '../../core/index.ts';
import type { LookupNode } from '../../plan/index.ts';
import { keyExtractor } from '../key.ts';
import { type RowBytes, type RowForm, rowOf } from './row-form.ts';

/** What was found for a key, or why nobody knows. */
export type Answer = { readonly rows: readonly RowBytes[] } | { readonly error: unknown };
/** A key, and the value that it was made of. */
type Asked = readonly [key: string, value: unknown];

const firstBackoffMs = 100;
const backoffMsMax = 10_000;

export interface LookupEnvironment {
  readonly clock: Clock;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** What is kept of the rows that are found. */
  readonly form: RowForm;
}

export class LookupCalls {
  readonly #node: LookupNode;
  readonly #environment: LookupEnvironment;
  readonly #keyOf: (batch: Batch) => (i: number) => string;

  constructor(node: LookupNode, environment: LookupEnvironment) {
    this.#node = node;
    this.#environment = environment;
    this.#keyOf = keyExtractor({ columns: node.keys[1] });
  }

  /** An answer for each of these keys. Rejects only if it is aborted. */
  async ask(wanted: ReadonlyMap<string, unknown>): Promise<ReadonlyMap<string, Answer>> {
    const { keysPerCall, concurrency } = this.#node.spec;
    const answers = new Map<string, Answer>();
    const all = [...wanted];
    let next = 0;
    const inTurn = async (): Promise<void> => {
      while (next < all.length) {
        const part = all.slice(next, next + keysPerCall);
        next += part.length;
        for (const [key, answer] of await this.#answers(part)) answers.set(key, answer);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, Math.ceil(all.length / keysPerCall)) }, inTurn));
    return answers;
  }

  async #answers(part: readonly Asked[]): Promise<ReadonlyMap<string, Answer>> {
    const { clock, signal } = this.#environment;
    const { attempts } = this.#node.spec;
    const values = part.map(([, value]) => value);
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#sorted(part, await this.#call(values));
      } catch (thrown) {
        signal.throwIfAborted();
        // What does not fit the schema does not fit it the next time either.
        const isAnswer = thrown instanceof WeirError && thrown.code !== 'E_LOOKUP';
        if (isAnswer || attempt >= attempts) return failed(part, isAnswer ? thrown : failure(part.length, attempts, thrown));
      }
      await sleep(clock, Math.min(backoffMsMax, firstBackoffMs * 2 ** (attempt - 1)), signal);
    }
  }

  /** Calls the function once; rejects with what it throws, or when its time is over. */
  #call(values: readonly unknown[]): Promise<Iterable<unknown>> {
    const { clock, signal } = this.#environment;
    const { fetch, timeoutMs } = this.#node.spec;
    const limit = new AbortController();
    const stop = (reason: unknown): void => limit.abort(reason);
    const closing = (): void => stop(signal.reason);
    return new Promise<Iterable<unknown>>((resolve, reject) => {
      limit.signal.addEventListener('abort', () => reject(limit.signal.reason), { once: true });
      const late = (): void => stop(new WeirError('E_LOOKUP', `no answer within ${formatMs(timeoutMs)}`));
      const timer = clock.setTimer(timeoutMs, late);
      signal.addEventListener('abort', closing, { once: true });
      const over = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', closing);
      };
      limit.signal.addEventListener('abort', over, { once: true });
      const asking = async (): Promise<Iterable<unknown>> =>
        (await fetch(values as never, { signal: limit.signal })) as Iterable<unknown>;
      asking().then(
        (rows) => {
          over();
          resolve(rows);
        },
        (thrown: unknown) => {
          over();
          reject(thrown);
        },
      );
    });
  }

  /** The rows of each key; those of keys that nobody asked for are left out. */
  #sorted(part: readonly Asked[], found: Iterable<unknown>): ReadonlyMap<string, Answer> {
    const { parse } = this.#node.spec;
    const rows = new BatchBuilder(this.#node.found);
    for (const value of found) rows.append(parse(value));
    const batch = rows.build({});
    const keyAt = this.#keyOf(batch);
    const { form } = this.#environment;
    const write = form.writer(batch);
    const byKey = new Map<string, RowBytes[]>(part.map(([key]) => [key, []]));
    for (let i = 0; i < batch.length; i++) {
      const of = byKey.get(keyAt(i));
      if (of === undefined) continue;
      write(i);
      of.push(rowOf(form.copied()));
    }
    return new Map([...byKey].map(([key, of]) => [key, { rows: of }] as const));
  }
}

function failure(keys: number, attempts: number, thrown: unknown): WeirError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const often = attempts === 1 ? '' : ` ${attempts} times`;
  return new WeirError('E_LOOKUP', `the lookup of ${keys} ${keys === 1 ? 'key' : 'keys'} failed${often}: ${why}`, {
    cause: thrown,
  });
}

const failed = (part: readonly Asked[], error: unknown): ReadonlyMap<string, Answer> =>
  new Map(part.map(([key]) => [key, { error }] as const));
