/** Events by kind, as columns: what Nexmark's queries read. The rows come from `nexmark.source()`, or from a file with `json(Event)`. */
import type { Stream } from 'weir';
import { Auction, Bid, type Event, type NexmarkRow, Person } from './schemas.ts';

export type Events = Stream<NexmarkRow> | Stream<Event>;

export const personsOf = (events: Events): Stream<Person> => ofKind(events, 0).map((row) => row as Person, Person);

export const auctionsOf = (events: Events): Stream<Auction> => ofKind(events, 1).map((row) => row as Auction, Auction);

export const bidsOf = (events: Events): Stream<Bid> => ofKind(events, 2).map((row) => row as Bid, Bid);

/** A row that has the columns of its kind, and perhaps those of others, as null. */
const ofKind = (events: Events, kind: number): Stream<Event> =>
  (events as Stream<Event>).filter((row) => row.event_type === kind);
