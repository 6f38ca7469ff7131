/**
 * What follows from the number of an event alone: its kind, its time, and which persons and auctions there are by then.
 *
 * Ids count from 0 here, without the base that is added where they are written. Numbers count from 0, and are the events' ids.
 */
import { disorderFactor } from './settings.ts';

/** Events of an epoch: 1 person, 3 auctions, 46 bids, in this order. */
export const epochEvents = 50;
export const epochPersons = 1;
export const epochAuctions = 3;

export const Kind = { person: 0, auction: 1, bid: 2 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export function kindOf(number: number): Kind {
  const offset = number % epochEvents;
  if (offset < epochPersons) return Kind.person;
  return offset < epochPersons + epochAuctions ? Kind.auction : Kind.bid;
}

/** The newest person at this event, itself included. */
export const lastPerson = (number: number): number => Math.floor(number / epochEvents) * epochPersons;

/** The newest auction at this event, itself included; -1 if there is none yet. */
export function lastAuction(number: number): number {
  const begun = Math.floor(number / epochEvents) * epochAuctions;
  return begun + Math.min(Math.max((number % epochEvents) - epochPersons, -1), epochAuctions - 1);
}

/** Whose turn it is at this position: within each group the numbers are shuffled, always in the same way. */
export function numberAt(position: number, groupSize: number): number {
  if (groupSize === 1) return position;
  const begin = Math.floor(position / groupSize) * groupSize;
  return begin + (((position - begin) * disorderFactor) % groupSize);
}

/** Time of an event in ms: `delayUs` after the one before it, rounded down to whole microseconds, then milliseconds. */
export const timeOf = (number: number, baseTimeMs: number, delayUs: number): number =>
  baseTimeMs + Math.floor(Math.floor(number * delayUs) / 1000);
