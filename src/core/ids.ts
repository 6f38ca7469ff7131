/**
 * The numbers and names that must never be mixed up, as branded types.
 *
 * Owns: `Epoch`, `Generation`, `KeyGroup`, `SubtaskIndex`, `OperatorId` and their checked constructors.
 * Invariants: I1 an epoch or generation is a positive safe integer; I2 an operator id is a printable token.
 */
import { invariant } from './invariant.ts';

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** What lies between two barriers; the number of the barrier that ends it. Starts at 1 and is never reused. */
export type Epoch = Brand<number, 'Epoch'>;
/** One execution attempt of a whole job; fences everything that an earlier attempt still tries to do. */
export type Generation = Brand<number, 'Generation'>;
/** A slice of the key space: the unit in which keyed state moves. */
export type KeyGroup = Brand<number, 'KeyGroup'>;
/** Which parallel instance of a stage, from 0. */
export type SubtaskIndex = Brand<number, 'SubtaskIndex'>;
/** The stable name of an operator: its state is found by it after the job has changed. */
export type OperatorId = Brand<string, 'OperatorId'>;

const positive = (value: number, what: string): number => {
  invariant(Number.isSafeInteger(value) && value > 0, `I1: ${what} is a positive integer, got ${value}`);
  return value;
};
const natural = (value: number, what: string): number => {
  invariant(Number.isSafeInteger(value) && value >= 0, `I1: ${what} is a natural number, got ${value}`);
  return value;
};

export const epoch = (value: number): Epoch => positive(value, 'an epoch') as Epoch;
export const generation = (value: number): Generation => positive(value, 'a generation') as Generation;
export const keyGroup = (value: number): KeyGroup => natural(value, 'a key group') as KeyGroup;
export const subtaskIndex = (value: number): SubtaskIndex => natural(value, 'a subtask') as SubtaskIndex;
export const operatorId = (value: string): OperatorId => {
  invariant(/^[A-Za-z0-9_.~:-]{1,200}$/.test(value), `I2: an operator id is a printable token, got ${JSON.stringify(value)}`);
  return value as OperatorId;
};
