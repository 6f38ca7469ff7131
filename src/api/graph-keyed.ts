/** The one implementation of `KeyedStream`: a key, waiting for an operator. */
import { hasWatermark, type KeySelector, type LogicalNode, type ProcessNode, watermarkedColumns } from '../plan/index.ts';
import { type Call, called, calling, refused } from './call.ts';
import type { GraphStream } from './graph-stream.ts';
import type { ProcessFunction } from './process-function.ts';
import { resultSchema } from './row-schema.ts';
import { stateDeclarations, type StateSpec } from './state-field.ts';

export class GraphKeyed {
  readonly #input: LogicalNode;
  readonly #key: KeySelector;
  readonly #then: (node: LogicalNode) => GraphStream;

  constructor(input: LogicalNode, key: KeySelector, then: (node: LogicalNode) => GraphStream) {
    this.#input = input;
    this.#key = key;
    this.#then = then;
  }

  reduce(fn: (a: never, b: never) => unknown): GraphStream {
    const call = calling('reduce()');
    if (typeof fn !== 'function') throw refused(call, 'it takes a function of two rows');
    return this.#then({ kind: 'reduce', input: this.#input, key: this.#key, fn, site: call.site, schema: this.#input.schema });
  }

  process(definition: ProcessFunction<never, never, StateSpec, object>): GraphStream {
    const call = calling('process()');
    const { state = {}, emits } = definition;
    if (typeof definition.onRow !== 'function') throw refused(call, 'it needs a function `onRow`');
    if (emits === undefined) throw refused(call, 'it needs `emits`, the schema of the rows that it emits');
    const declared = stateDeclarations(state, called(call));
    return this.#then({
      kind: 'process',
      input: this.#input,
      key: this.#key,
      state: declared,
      ...this.#timesFor(declared, call),
      ...(definition.late === 'drop' ? { lateBy: watermarkedColumns(this.#input) } : {}),
      // Bound, so that a definition may be an object whose functions use `this`.
      onRow: definition.onRow.bind(definition),
      ...(definition.onTimer === undefined ? {} : { onTimer: definition.onTimer.bind(definition) }),
      ...(definition.onProcessingTimer === undefined ? {} : { onProcessingTimer: definition.onProcessingTimer.bind(definition) }),
      site: call.site,
      ...resultSchema(emits),
    });
  }

  /** What says when a row is, for state that is forgotten in event time. */
  #timesFor(declared: ProcessNode['state'], call: Call): Pick<ProcessNode, 'timeColumns'> {
    const [name] = Object.entries(declared).find(([, { ttlTime }]) => ttlTime === 'event') ?? [];
    if (name === undefined) return {};
    const timeColumns = watermarkedColumns(this.#input);
    if (timeColumns.length > 0) return { timeColumns };
    throw refused(
      call,
      `state '${name}' is forgotten in event time, and its rows have no time under a watermark`,
      hasWatermark(this.#input)
        ? 'keep the column, or declare it as t.eventTime in the schema of the step that makes the rows'
        : "call withWatermark('…', '…') on the source, or leave `time` out: then the clock counts",
    );
  }
}
