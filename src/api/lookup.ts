/** `lookupJoin()`: rows with what a function finds for their keys, as a node. */
import type { LogicalNode, LookupNode } from '../plan/index.ts';
import { type Call, called, refused, requireFunction } from './call.ts';
import { columnsOf, type JoinRequest, keysOf, mergedKeys } from './join.ts';
import type { Lookup } from './join-types.ts';
import { checkFinal } from './modes.ts';
import { rowSchema } from './row-schema.ts';
import { atLeastOne, callsOf } from './calls.ts';
import { positiveMs } from './window-key.ts';

export interface LookupRequest {
  readonly on: JoinRequest['on'];
  readonly how?: 'inner' | 'left';
}

const defaults = { keysPerCall: 100, concurrency: 4 } as const;

/** @throws WeirError `E_PLAN` with the reason */
export function lookupOf(
  input: LogicalNode,
  lookup: Lookup<never, object>,
  { on, how = 'inner' }: LookupRequest,
  call: Call,
): LookupNode {
  checkFinal(input, call);
  if (how !== 'inner' && how !== 'left')
    throw refused(call, `it gives rows of the stream, so it cannot be '${String(how)}'`, 'there are inner, left');
  requireFunction(lookup.fetch, call);
  const { schema: found, parse } = rowSchema(lookup.schema);
  if (found.kind === 'any')
    throw refused(call, 'its `schema` must say the columns of what is found', "make it with schema() of 'weir'");
  const sides = [input, { schema: found }] as const;
  const keys = keysOf(sides, on, call);
  return {
    kind: 'lookup',
    input,
    how,
    keys,
    ...(Array.isArray(on) || keys[0].length > 1 ? { byName: true } : {}),
    found,
    spec: { ...specOf(lookup, call), parse },
    site: call.site,
    ...columnsOf(sides, how, mergedKeys(keys), call),
  };
}

function specOf(lookup: Lookup<never, object>, call: Call): Omit<LookupNode['spec'], 'parse'> {
  const { fetch, cache, keysPerCall = defaults.keysPerCall, concurrency = defaults.concurrency } = lookup;
  return {
    fetch,
    keysPerCall: atLeastOne(keysPerCall, 'keysPerCall', call),
    ...callsOf({ ...lookup, concurrency }, call),
    ...(cache === undefined
      ? {}
      : {
          cache: {
            entries: atLeastOne(cache.entries, 'cache.entries', call),
            ttlMs: positiveMs(cache.ttl, `${called(call)} cache.ttl`),
          },
        }),
  };
}
