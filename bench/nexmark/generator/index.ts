/** The door of the generator. It imports nothing of Weir. */
export { type Auction, type Bid, lineOf, type NexmarkEvent, type Person } from './events.ts';
export { type EventFile, type EventFileOptions, writeEventFile } from './event-file.ts';
export { Generator } from './generator.ts';
export { LineWriter } from './line-writer.ts';
export { epochEvents } from './numbers.ts';
export { completed, type NexmarkSettings } from './settings.ts';
