/** `mapAsync()`: rows that a function makes which asks outside, as a node. */
import type { Duration } from '../core/index.ts';
import type { LogicalNode, MapAsyncNode } from '../plan/index.ts';
import { type Call, refused, requireFunction } from './call.ts';
import { callsOf } from './calls.ts';
import { nearestName } from './nearest.ts';
import { resultSchema } from './row-schema.ts';
import type { AnySchema } from './schema.ts';

/** How the function of `mapAsync` is called. */
export interface AsyncOptions {
  /** Calls at a time, of one subtask (100). */
  readonly concurrency?: number;
  /** Rows go on in the order in which they came (true); otherwise they may overtake each other, but no watermark. */
  readonly ordered?: boolean;
  /** Of one call (10 seconds). */
  readonly timeout?: Duration;
  /** Calls for one row, before it has no answer (3); there are 100 ms after the first, then twice as long, up to 10 seconds. */
  readonly attempts?: number;
}

export type AsyncRowFunction = (row: never, context: { readonly signal: AbortSignal }) => unknown;

const names: readonly string[] = ['concurrency', 'ordered', 'timeout', 'attempts'] satisfies (keyof AsyncOptions)[];

/** @throws WeirError `E_PLAN` with the reason */
export function mappedAsync(
  input: LogicalNode,
  fn: AsyncRowFunction,
  { options, schema }: { readonly options: AsyncOptions; readonly schema: AnySchema | undefined },
  call: Call,
): MapAsyncNode {
  requireFunction(fn, call);
  const stranger = Object.keys(options).find((name) => !names.includes(name));
  if (stranger !== undefined) {
    const near = nearestName(stranger, names);
    throw refused(
      call,
      `there is no option '${stranger}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
      'its second argument are options, and its third the schema of its rows',
    );
  }
  const { concurrency = 100, ordered = true } = options;
  return {
    kind: 'mapAsync',
    input,
    fn,
    spec: { ...callsOf({ ...options, concurrency }, call), ordered },
    site: call.site,
    ...resultSchema(schema),
  };
}
