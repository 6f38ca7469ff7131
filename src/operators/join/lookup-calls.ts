/**
 * Calls of a lookup's function: so many keys at a time.
 *
 * Owns: which rows are whose, and what becomes of a failure: the keys of a call that failed each time it was made have no answer but that. Does not own:
 * how calls are made (outside-calls.ts), what is remembered (lookup-cache.ts), and what becomes of the rows (lookup-operator.ts).
 */
import { type Batch, BatchBuilder } from '../../batch/index.ts';
import type { Clock } from '../../core/index.ts';
import type { LookupNode } from '../../plan/index.ts';
import { keyExtractor } from '../key.ts';
import { OutsideCalls } from '../outside-calls.ts';
import { type RowBytes, type RowForm, rowOf } from '../row-form.ts';

/** What was found for a key, or why nobody knows. */
export type Answer = { readonly rows: readonly RowBytes[] } | { readonly error: unknown };
/** A key, and the value that it was made of. */
type Asked = readonly [key: string, value: unknown];

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
  readonly #calls: OutsideCalls;
  readonly #keyOf: (batch: Batch) => (i: number) => string;

  constructor(node: LookupNode, environment: LookupEnvironment) {
    this.#node = node;
    this.#environment = environment;
    this.#calls = new OutsideCalls(node.spec, { ...environment, code: 'E_LOOKUP' });
    this.#keyOf = keyExtractor({ columns: node.keys[1] });
  }

  /** An answer for each of these keys. Rejects only if it is aborted. */
  async ask(wanted: ReadonlyMap<string, unknown>): Promise<ReadonlyMap<string, Answer>> {
    const { keysPerCall } = this.#node.spec;
    const all = [...wanted];
    const parts = Array.from({ length: Math.ceil(all.length / keysPerCall) }, (_, n) =>
      all.slice(n * keysPerCall, (n + 1) * keysPerCall),
    );
    const answers = await Promise.all(parts.map((part) => this.#answers(part)));
    return new Map(answers.flatMap((each) => [...each]));
  }

  async #answers(part: readonly Asked[]): Promise<ReadonlyMap<string, Answer>> {
    const values = part.map(([, value]) => value);
    const { fetch } = this.#node.spec;
    try {
      return await this.#calls.ask({
        what: `the lookup of ${part.length} ${part.length === 1 ? 'key' : 'keys'}`,
        once: async (context) => this.#sorted(part, (await fetch(values as never, context)) as Iterable<unknown>),
      });
    } catch (error) {
      this.#environment.signal.throwIfAborted();
      return new Map(part.map(([key]) => [key, { error }] as const));
    }
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
