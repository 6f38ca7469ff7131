/** The three kinds of events, their columns in the order in which they are written. Times are ms since 1970, prices cents. */
export interface Person {
  readonly event_type: 0;
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
  readonly extra: string;
}

export interface Auction {
  readonly event_type: 1;
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Bid {
  readonly event_type: 2;
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
  readonly extra: string;
}

export type NexmarkEvent = Person | Auction | Bid;

/** The line of an event, without its end: JSON without blanks, times as ISO text in UTC. What `LineWriter` must be equal to. */
export function lineOf(event: NexmarkEvent): string {
  const dateTime = new Date(event.dateTime).toISOString();
  if (event.event_type !== 1) return JSON.stringify({ ...event, dateTime });
  return JSON.stringify({ ...event, dateTime, expires: new Date(event.expires).toISOString() });
}
