import { fieldCodec, type FieldType, keyOfOne } from '../../batch/index.ts';
import { invariant } from '../../core/index.ts';
import type { Aggregate } from './aggregate.ts';

interface Collected {
  readonly ordinals: number[];
  readonly values: unknown[];
}

/** All values that are not null, in the order of arrival. */
export function collect(column: string, field: FieldType): Aggregate<Collected> {
  const codec = fieldCodec({ type: field.type, nullable: false });
  return {
    id: `collect of ${field.type.kind}`,
    column,
    create: () => ({ ordinals: [], values: [] }),
    accumulate(acc, value, ordinal) {
      if (value === null) return acc;
      acc.ordinals.push(ordinal);
      acc.values.push(value);
      return acc;
    },
    retract(acc, value) {
      if (value === null) return acc;
      const at = placeOf(acc, value);
      invariant(at >= 0, `collect('${column}') has the value that is taken back`);
      acc.ordinals.splice(at, 1);
      acc.values.splice(at, 1);
      return acc;
    },
    holds: (acc, value) => value === null || placeOf(acc, value) >= 0,
    merge: mergeByArrival,
    result: (acc) => acc.values.slice(),
    write(out, acc) {
      out.varint(acc.values.length);
      acc.values.forEach((value, i) => {
        out.varint(acc.ordinals[i]!);
        codec.write(out, value);
      });
    },
    read(from) {
      const acc: Collected = { ordinals: [], values: [] };
      for (let left = from.varint(); left > 0; left--) {
        acc.ordinals.push(from.varint());
        acc.values.push(codec.read(from));
      }
      return acc;
    },
  };
}

function placeOf({ values }: Collected, value: unknown): number {
  const key = keyOfOne(value);
  return values.findIndex((other) => keyOfOne(other) === key);
}

function mergeByArrival(a: Collected, b: Collected): Collected {
  const merged: Collected = { ordinals: [], values: [] };
  let i = 0;
  let j = 0;
  while (i < a.values.length || j < b.values.length) {
    const fromA = j >= b.values.length || (i < a.values.length && a.ordinals[i]! <= b.ordinals[j]!);
    merged.ordinals.push(fromA ? a.ordinals[i]! : b.ordinals[j]!);
    merged.values.push(fromA ? a.values[i++] : b.values[j++]);
  }
  return merged;
}
