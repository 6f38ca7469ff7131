/** The one implementation of `KeyedStream`: a key, waiting for an operator. */
import type { KeySelector, LogicalNode } from '../plan/index.ts';
import { called, calling, refused } from './call.ts';
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
    return this.#then({
      kind: 'process',
      input: this.#input,
      key: this.#key,
      state: stateDeclarations(state, called(call)),
      // Bound, so that a definition may be an object whose functions use `this`.
      onRow: definition.onRow.bind(definition),
      ...(definition.onTimer === undefined ? {} : { onTimer: definition.onTimer.bind(definition) }),
      ...(definition.onProcessingTimer === undefined ? {} : { onProcessingTimer: definition.onProcessingTimer.bind(definition) }),
      site: call.site,
      ...resultSchema(emits),
    });
  }
}
