/** Keyed state as an earlier version of the job wrote it, read as what is declared today. */
import type { ByteReader } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import { type ProcessNode, type StateDeclaration, type StateShape, takeover } from '../plan/index.ts';
import type { OlderTables } from '../state/index.ts';
import { stateTableName } from './keyed-state.ts';
import { type KeptValue, keptValue } from './kept-value.ts';
import type { OperatorContext } from './operator.ts';

/** The tables of all states that were there. */
export interface KnownAtRestore {
  readonly context: OperatorContext;
  /** That the operator had reached. */
  readonly watermark: number;
}

export function olderTables(
  context: KnownAtRestore,
  { state }: ProcessNode,
  shapes: Readonly<Record<string, StateShape>>,
): OlderTables {
  return new Map(
    Object.entries(shapes).flatMap(([name, shape]) => {
      const declared = state[name];
      return declared === undefined ? [] : [[stateTableName(name), tableReader(context, name, shape, declared)] as const];
    }),
  );
}

/** Of a value, a map of values, or a list, as keyed-state.ts writes them. */
function tableReader(
  context: KnownAtRestore,
  name: string,
  shape: StateShape,
  declared: StateDeclaration,
): (from: ByteReader) => unknown {
  const read = valueReader(context, name, shape, declared);
  switch (shape.kind) {
    case 'value':
      return read;
    case 'list':
      return (from) => Array.from({ length: from.varint() }, () => read(from));
    case 'map': {
      const keys = keptValue(shape.key!);
      return (from) => {
        const map = new Map<unknown, unknown>();
        for (let left = from.varint(); left > 0; left--) map.set(keys.read(from), read(from));
        return map;
      };
    }
  }
}

function valueReader(
  { context: { operator, clock }, watermark }: KnownAtRestore,
  name: string,
  shape: StateShape,
  declared: StateDeclaration,
): (from: ByteReader) => unknown {
  const was = keptValue(shape.value);
  const now = (): number => (declared.ttlTime === 'event' ? watermark : clock.now());
  const is = today(declared, now);
  const keepsItsTime = (shape.inEventTime ?? false) === (declared.ttlTime === 'event');
  if (declared.ttlTime === 'event' && !(shape.timed && keepsItsTime) && watermark === -Infinity)
    throw new WeirError(
      'E_STATE_INCOMPATIBLE',
      `operator ${operator}, state '${name}': no watermark says from when it is to be forgotten`,
      {
        hint: 'run the job with its watermark first, and let the state be forgotten in event time in the next deployment',
      },
    );
  const by = takeover(shape, declared) === 'migrated' ? (declared.migrate!.by as (before: unknown) => unknown) : same;
  return (from) => {
    const writtenAt = shape.timed ? from.f64() : undefined;
    const before = was.back(was.read(from));
    try {
      return is.taken(by(before), keepsItsTime ? writtenAt : undefined);
    } catch (thrown) {
      throw new WeirError(
        'E_STATE_INCOMPATIBLE',
        `operator ${operator}, state '${name}': what was ${JSON.stringify(before)} could not be taken over: ${String(thrown)}`,
        { cause: thrown, hint: 'make the function `migrate.by` give a value of the field for every value that there was' },
      );
    }
  };
}

const same = (value: unknown): unknown => value;

function today({ value, ttlMs, ttlTime }: StateDeclaration, now: () => number): KeptValue {
  const time = ttlTime ?? 'processing';
  return keptValue(value, ttlMs === undefined ? undefined : { ttlMs, time, now, moment: now });
}
