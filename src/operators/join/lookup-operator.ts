/**
 * Joins each row with those that a function of the user's finds for its key, somewhere outside.
 *
 * Owns: which keys of a batch are asked for, once each, and the order of rows, which is that in which they came. Talks through: `LookupCalls`
 * (the function), `LookupCache`, `WidenedRows` (rows of the result). It has no state: a batch is over once all of its keys have their
 * answers, and until then the operator answers `wait`, so that no barrier passes a row that is under way (O1). Keys need not meet in one
 * subtask; each has a cache of its own.
 * Invariants: JO11 each row meets all that was found for its key, and goes out behind the rows that came before it.
 */
import type { Batch } from '../../batch/index.ts';
import type { LookupNode } from '../../plan/index.ts';
import { orSetAside, setAside } from '../dead-rows.ts';
import { keyExtractor } from '../key.ts';
import type { Operator, OperatorContext, Output, Step } from '../operator.ts';
import { Resumable } from '../resumable.ts';
import { stepRowsMax } from '../step-rows.ts';
import { type Joining, keptForms } from './joined-rows.ts';
import { LookupCache } from './lookup-cache.ts';
import { type Answer, LookupCalls } from './lookup-calls.ts';
import type { RowBytes, RowForm } from '../row-form.ts';
import { WidenedRows } from './widened-rows.ts';

/** The rows of a batch, while their keys are asked for. */
interface Round {
  /** Of each row; null: it has no key, undefined: it was set aside. */
  readonly keys: readonly (string | null | undefined)[];
  /** What the cache knew. */
  readonly known: ReadonlyMap<string, readonly RowBytes[]>;
  /** What was asked, once it is there. */
  found: ReadonlyMap<string, Answer> | undefined;
}
const none: readonly RowBytes[] = [];
const nothing: ReadonlyMap<string, Answer> = new Map();

class LookupOperator implements Operator {
  readonly #node: LookupNode;
  readonly #work = new Resumable();
  /** Of what is found. */
  readonly #form: RowForm;
  readonly #widened: WidenedRows;
  readonly #keysOf: (batch: Batch) => (row: number) => string;
  readonly #closing = new AbortController();
  #context!: OperatorContext;
  #calls!: LookupCalls;
  #cache: LookupCache<readonly RowBytes[]> | undefined;
  #round: Round | undefined;

  constructor(node: LookupNode) {
    this.#node = node;
    const { how, columns, schema } = node;
    const joining: Joining = { how, inputs: [node.input, { schema: node.found }], columns, schema };
    [, this.#form] = keptForms(joining);
    this.#widened = new WidenedRows(joining, this.#form);
    this.#keysOf = keyExtractor({ columns: node.keys[0] });
  }

  open(context: OperatorContext): void {
    this.#context = context;
    const { clock } = context;
    const { cache } = this.#node.spec;
    if (cache !== undefined) this.#cache = new LookupCache(cache, clock);
    this.#calls = new LookupCalls(this.#node, { clock, signal: this.#closing.signal, form: this.#form });
  }

  process(batch: Batch, out: Output): Step {
    this.#round ??= this.#ask(batch);
    const { found } = this.#round;
    if (found === undefined) return 'wait';
    const round = this.#round;
    const step = this.#work.step(() => this.#join(batch, out, round, found));
    if (step === 'done') this.#round = undefined;
    return step;
  }

  close(): void {
    this.#closing.abort(new Error('the subtask is closed'));
  }

  /** Asks for the keys of a batch that the cache does not know. */
  #ask(batch: Batch): Round {
    const { context, keys, known, wanted } = { context: this.#context, ...this.#keysIn(batch) };
    const round: Round = { keys, known, found: wanted.size === 0 ? nothing : undefined };
    if (wanted.size === 0) return round;
    this.#calls.ask(wanted).then(
      (answers) => {
        round.found = answers;
        context.wake();
      },
      // It is closed, and nobody waits any more.
      () => undefined,
    );
    return round;
  }

  #keysIn(batch: Batch): Pick<Round, 'keys' | 'known'> & { readonly wanted: ReadonlyMap<string, unknown> } {
    const keyAt = this.#keysOf(batch);
    const valueAt = this.#valuesIn(batch);
    const keys: (string | null | undefined)[] = [];
    const known = new Map<string, readonly RowBytes[]>();
    const wanted = new Map<string, unknown>();
    for (let i = 0; i < batch.length; i++) {
      const value = valueAt(i);
      const key = value === null ? null : (orSetAside(this.#context, this.#node.site, batch, i, keyAt) ?? undefined);
      keys.push(key);
      if (typeof key !== 'string' || known.has(key) || wanted.has(key)) continue;
      const rows = this.#cache?.get(key);
      if (rows === undefined) wanted.set(key, value);
      else known.set(key, rows);
    }
    return { keys, known, wanted };
  }

  /** By logical row: its key as it is asked for; null where a part of it is. */
  #valuesIn(batch: Batch): (i: number) => unknown {
    const { keys, byName } = this.#node;
    const [names, foundNames] = keys;
    const readers = names.map((name) => batch.reader(name));
    if (byName !== true) return readers[0]!;
    return (i) => {
      const values = readers.map((read) => read(i));
      return values.includes(null) ? null : Object.fromEntries(foundNames.map((name, n) => [name, values[n]]));
    };
  }

  *#join(batch: Batch, out: Output, { keys, known }: Round, found: ReadonlyMap<string, Answer>): Generator<void, void> {
    for (const [key, answer] of found) if ('rows' in answer) this.#cache?.put(key, answer.rows);
    const widened = this.#widened;
    widened.begin(batch);
    for (let i = 0; i < batch.length; i++) {
      const key = keys[i];
      if (key === undefined) continue;
      const answer = key === null ? { rows: none } : (found.get(key) ?? { rows: known.get(key)! });
      if ('error' in answer) setAside(this.#context, this.#node.site, batch, i, answer.error);
      else this.#append(i, answer.rows);
      if (widened.length < stepRowsMax) continue;
      widened.flush(out);
      yield;
    }
    widened.flush(out);
  }

  #append(i: number, partners: readonly RowBytes[]): void {
    for (const partner of partners) this.#widened.append(i, partner);
    if (partners.length === 0 && this.#node.how === 'left') this.#widened.append(i, null);
  }
}

export function lookupOperator(node: LookupNode): Operator {
  return new LookupOperator(node);
}
