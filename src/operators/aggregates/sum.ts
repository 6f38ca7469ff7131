/** Sum and average: exact, so that neither order nor grouping of the rows can be seen in them. */
import { type ByteReader, type ByteWriter } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { Aggregate } from './aggregate.ts';
import {
  addSums,
  addValue,
  copyOfRest,
  type ExactSum,
  mayHold,
  meanOf,
  newSum,
  sumOf,
  sumOfParts,
  takeValue,
} from './exact-sum.ts';

/** Null if there was no value. */
export function sum(column: string): Aggregate<ExactSum> {
  return overSum('sum', column, sumOf);
}

/** Null if there was no value. */
export function avg(column: string): Aggregate<ExactSum> {
  return overSum('avg', column, meanOf);
}

function overSum(id: string, column: string, result: (acc: ExactSum) => number): Aggregate<ExactSum> {
  return {
    id,
    column,
    check(value) {
      if (value === null || typeof value === 'number') return;
      throw new WeirError('E_VALUE', `${id}('${column}') takes numbers, and there is a ${typeof value}`);
    },
    create: newSum,
    accumulate(acc, value) {
      if (value !== null) addValue(acc, value as number);
      return acc;
    },
    retract(acc, value) {
      if (value !== null) takeValue(acc, value as number);
      return acc;
    },
    holds: (acc, value) => value === null || mayHold(acc, value as number),
    merge: addSums,
    result: (acc) => (acc.count === 0 ? null : result(acc)),
    write: writeSum,
    read: readSum,
  };
}

function writeSum(out: ByteWriter, acc: ExactSum): void {
  const { low, high, positiveInfinities, negativeInfinities, nans } = acc.rest ?? copyOfRest(acc);
  for (const n of [acc.count, positiveInfinities, negativeInfinities, nans]) out.varint(n);
  for (const partials of [low, high]) {
    out.varint(partials.length);
    for (const partial of partials) out.f64(partial);
  }
}

function readSum(from: ByteReader): ExactSum {
  const count = from.varint();
  const positiveInfinities = from.varint();
  const negativeInfinities = from.varint();
  const nans = from.varint();
  const partials = (): number[] => Array.from({ length: from.varint() }, () => from.f64());
  return sumOfParts(count, { positiveInfinities, negativeInfinities, nans, low: partials(), high: partials() });
}
