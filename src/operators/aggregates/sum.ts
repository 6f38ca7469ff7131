/** Sum and average: exact, so that neither order nor grouping of the rows can be seen in them. */
import type { AccumulatorSlot, Aggregate } from './aggregate.ts';
import { type ByteReader, type ByteWriter } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import {
  addSums,
  addValue,
  copyOfRest,
  type ExactSum,
  mayHold,
  meanOf,
  newSum,
  type Rest,
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
    slot: sumSlot(),
    write: writeSum,
    read: readSum,
  };
}

/** Of ordinary numbers a sum has no more parts. */
const partialsMax = 3;
/** In the slot: how many values, how many parts, the parts. */
const lengthAt = 8;
const partialsAt = 9;

function sumSlot(): AccumulatorSlot<ExactSum> {
  const passed = newSum();
  const passedRest = emptyRest();
  return {
    bytes: partialsAt + partialsMax * 8,
    load(view, at, passing = false) {
      const sum = passing ? passed : newSum();
      const length = view.getUint8(at + lengthAt);
      sum.count = view.getFloat64(at, true);
      sum.whole = length === 1 ? view.getFloat64(at + partialsAt, true) : 0;
      sum.rest = null;
      if (length < 2) return sum;
      const rest = passing ? cleared(passedRest) : emptyRest();
      for (let i = 0; i < length; i++) rest.low.push(view.getFloat64(at + partialsAt + i * 8, true));
      sum.rest = rest;
      return sum;
    },
    store(view, at, { count, whole, rest }) {
      if (rest !== null && (rest.low.length > partialsMax || !isPlain(rest))) return false;
      const length = rest === null ? Number(whole !== 0) : rest.low.length;
      view.setFloat64(at, count, true);
      view.setUint8(at + lengthAt, length);
      for (let i = 0; i < length; i++) view.setFloat64(at + partialsAt + i * 8, rest === null ? whole : rest.low[i]!, true);
      return true;
    },
  };
}

const emptyRest = (): Rest => ({ low: [], high: [], positiveInfinities: 0, negativeInfinities: 0, nans: 0 });

function cleared(rest: Rest): Rest {
  rest.low.length = 0;
  rest.high.length = 0;
  rest.positiveInfinities = 0;
  rest.negativeInfinities = 0;
  rest.nans = 0;
  return rest;
}

/** It has low parts alone. */
const isPlain = ({ high, positiveInfinities, negativeInfinities, nans }: Rest): boolean =>
  high.length === 0 && positiveInfinities === 0 && negativeInfinities === 0 && nans === 0;

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
