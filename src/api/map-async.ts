/** `mapAsync()`: rows that a function makes which asks outside, as a node. */
import type { LogicalNode, MapAsyncNode } from '../plan/index.ts';
import { type Call, refused, requireFunction } from './call.ts';
import { callsOf } from './calls.ts';
import { resultSchema } from './row-schema.ts';
import type { AnySchema } from './schema.ts';
import type { AsyncOptions } from './stream.ts';

export type AsyncRowFunction = (row: never, context: { readonly signal: AbortSignal }) => unknown;

const names: ReadonlySet<string> = new Set<keyof AsyncOptions>(['concurrency', 'ordered', 'timeout', 'attempts']);

/** @throws WeirError `E_PLAN` with the reason */
export function mappedAsync(
  input: LogicalNode,
  fn: AsyncRowFunction,
  { options, schema }: { readonly options: AsyncOptions; readonly schema: AnySchema | undefined },
  call: Call,
): MapAsyncNode {
  requireFunction(fn, call);
  const stranger = Object.keys(options).find((name) => !names.has(name));
  if (stranger !== undefined)
    throw refused(
      call,
      `there is no option '${stranger}'`,
      'its second argument are options, and its third the schema of its rows',
    );
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
