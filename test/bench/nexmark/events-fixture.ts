// Runs of the generator, for tests, each made once.
import { type Auction, type Bid, Generator, type NexmarkEvent, type Person } from '../../../bench/nexmark/generator/index.ts';

export const events = (generator: Generator, from: number, to: number): NexmarkEvent[] =>
  Array.from({ length: to - from }, (_, i) => generator.event(from + i));

export const isPerson = (event: NexmarkEvent): event is Person => event.event_type === 0;
export const isAuction = (event: NexmarkEvent): event is Auction => event.event_type === 1;
export const isBid = (event: NexmarkEvent): event is Bid => event.event_type === 2;

export const share = <T>(all: readonly T[], passes: (one: T, index: number) => boolean): number =>
  all.filter(passes).length / all.length;

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
