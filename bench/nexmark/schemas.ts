/**
 * The rows of Nexmark, for jobs: the columns of each kind, and those of a file that holds all three.
 *
 * A row of `Event` has the columns of every kind; those that its own kind has not are null. What `nexmark.source()` gives has its own
 * kind's only. Both say by `event_type` what they are: views.ts takes either.
 */
import { type RowOf, schema, t } from 'weir';

const common = { dateTime: t.timestamp, extra: t.string };

export const Person = schema({
  id: t.int,
  name: t.string,
  emailAddress: t.string,
  creditCard: t.string,
  city: t.string,
  state: t.string,
  ...common,
});

/** `initialBid`, `reserve` and prices are in cents. */
export const Auction = schema({
  id: t.int,
  itemName: t.string,
  description: t.string,
  initialBid: t.int,
  reserve: t.int,
  expires: t.timestamp,
  seller: t.int,
  category: t.int,
  ...common,
});

export const Bid = schema({
  auction: t.int,
  bidder: t.int,
  price: t.int,
  channel: t.string,
  url: t.string,
  ...common,
});

export const Event = schema({
  /** 0 person, 1 auction, 2 bid. */
  event_type: t.int,
  id: t.int.nullable(),
  name: t.string.nullable(),
  emailAddress: t.string.nullable(),
  creditCard: t.string.nullable(),
  city: t.string.nullable(),
  state: t.string.nullable(),
  itemName: t.string.nullable(),
  description: t.string.nullable(),
  initialBid: t.int.nullable(),
  reserve: t.int.nullable(),
  expires: t.timestamp.nullable(),
  seller: t.int.nullable(),
  category: t.int.nullable(),
  auction: t.int.nullable(),
  bidder: t.int.nullable(),
  price: t.int.nullable(),
  channel: t.string.nullable(),
  url: t.string.nullable(),
  ...common,
});

export type Person = RowOf<typeof Person>;
export type Auction = RowOf<typeof Auction>;
export type Bid = RowOf<typeof Bid>;
export type Event = RowOf<typeof Event>;

/** A row of `nexmark.source()`. */
export type NexmarkRow =
  | ({ readonly event_type: 0 } & Person)
  | ({ readonly event_type: 1 } & Auction)
  | ({ readonly event_type: 2 } & Bid);
