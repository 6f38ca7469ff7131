/** Nodes that ask outside, by a function of the user's. */
import type { BatchSchema } from '../batch/index.ts';
import type { JoinColumn } from './join-shape.ts';
import type { LogicalNode, NodeBase } from './logical.ts';

/** How a function of the user's that asks outside is called. */
export interface CallSpec {
  /** Calls at a time, of one subtask. */
  readonly concurrency: number;
  /** Of one call. */
  readonly timeoutMs: number;
  readonly attempts: number;
}
/** Asks outside, by a function of the user's. */
export interface LookupSpec extends CallSpec {
  /** Rows of these keys, of none of them to all, in any order. */
  readonly fetch: (keys: readonly never[], context: { readonly signal: AbortSignal }) => unknown;
  /** Makes a row of what was found; throws where it does not fit. */
  readonly parse: (value: unknown) => object;
  readonly keysPerCall: number;
  /** Absent: each batch asks anew. */
  readonly cache?: { readonly entries: number; readonly ttlMs: number };
}
/** One row from each, which a function of the user's makes that asks outside: another time it may be another. */
export interface MapAsyncNode extends NodeBase {
  readonly kind: 'mapAsync';
  readonly input: LogicalNode;
  readonly fn: (row: never, context: { readonly signal: AbortSignal }) => unknown;
  /** Checks a result (a Standard Schema that is not ours); its issues are an error of the row. */
  readonly validate?: (value: unknown) => unknown;
  /** `ordered`: rows go on as they came; otherwise, between two watermarks, as their answers come. */
  readonly spec: CallSpec & { readonly ordered: boolean };
}
/** Each row with those that are found for its key, outside: another time there may be others. */
export interface LookupNode extends NodeBase {
  readonly kind: 'lookup';
  readonly input: LogicalNode;
  readonly how: 'inner' | 'left';
  /** Of the input, and of what is found, in the same order. */
  readonly keys: readonly [readonly string[], readonly string[]];
  /** A key is asked for as an object, by the names of what is found; otherwise as the value of its one column. */
  readonly byName?: boolean;
  /** Of the rows that are found. */
  readonly found: BatchSchema;
  /** Absent where the input has no schema: then all columns of both. */
  readonly columns?: readonly JoinColumn[];
  readonly spec: LookupSpec;
}
