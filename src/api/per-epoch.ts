/** Rows that are taken epoch by epoch: what `weir/dstream` is made of, and no verb of a stream. */
import type { EpochEnd, EpochResult, PerEpochNode } from '../plan/index.ts';
import { calling } from './call.ts';
import { streamNode, streamOf } from './graph-stream.ts';
import { checkFinal } from './modes.ts';
import { resultSchema } from './row-schema.ts';
import type { AnySchema } from './schema.ts';
import type { AnyStream, Stream } from './stream.ts';

export interface PerEpoch<In, Out> {
  /** In words: what its state means, and what plans call it. */
  readonly does: string;
  /** Absent: all rows are taken together, and so at each barrier, if there are none too. */
  readonly key?: (row: In) => unknown;
  /** At each so many barriers (1), unless rows have come. */
  readonly every?: number;
  /** Makes one row of two of a key, as they come. */
  readonly fold?: (a: In, b: In) => In;
  /** The rows of a key, in the order of their arrival, at the barrier that ends their epoch. A key that has been given state is called at each. Pure. */
  readonly onEpoch: (rows: readonly In[], end: EpochEnd) => EpochResult & { readonly rows: Iterable<Out> };
}

/** @param verb in whose name it is, for messages */
export function perEpoch<In extends object, Out extends object>(
  stream: AnyStream<In>,
  verb: string,
  { does, key, every = 1, fold, onEpoch }: PerEpoch<In, Out>,
  emits: AnySchema<any, Out>,
): Stream<Out> {
  const call = calling(verb);
  const input = streamNode(stream);
  checkFinal(input, call);
  const node: PerEpochNode = {
    kind: 'perEpoch',
    input,
    does,
    every,
    onEpoch,
    ...(key === undefined ? {} : { key: { fn: key, site: call.site } }),
    ...(fold === undefined ? {} : { fold }),
    site: call.site,
    schema: resultSchema(emits).schema,
  };
  return streamOf<Out>(node);
}
