/** The one implementation of `KeyedStream`: a key, waiting for an operator. */
import type { KeySelector, LogicalNode } from '../plan/index.ts';
import { callSite } from './call-site.ts';
import { refused } from './columns.ts';
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
    const call = { verb: 'reduce()', site: callSite() };
    if (typeof fn !== 'function') throw refused(call, 'it takes a function of two rows');
    return this.#then({ kind: 'reduce', input: this.#input, key: this.#key, fn, site: call.site, schema: this.#input.schema });
  }

  process(definition: ProcessFunction<never, never, StateSpec, object>): GraphStream {
    const call = { verb: 'process()', site: callSite() };
    const { state = {}, emits, onRow, onTimer } = definition;
    if (typeof onRow !== 'function') throw refused(call, 'it needs a function `onRow`');
    if (emits === undefined) throw refused(call, 'it needs `emits`, the schema of the rows that it emits');
    return this.#then({
      kind: 'process',
      input: this.#input,
      key: this.#key,
      state: stateDeclarations(state, `process()${call.site === '' ? '' : ` at ${call.site}`}`),
      // Bound, so that a definition may be an object whose functions use `this`.
      onRow: onRow.bind(definition),
      ...(onTimer === undefined ? {} : { onTimer: onTimer.bind(definition) }),
      site: call.site,
      ...resultSchema(emits),
    });
  }
}
