/**
 * The events of Nexmark, each from its position alone.
 *
 * Owns: what is drawn for an event, and in which order. Does not own: what follows from its number (numbers.ts), the tables
 * (texts.ts), how it is written (line-writer.ts). Any event can be made at any time: chance starts anew at each (random.ts), so slices
 * made apart are one run, and a restart goes on exactly.
 *
 * Decided where ports differ: the first event is number 0, and so the first person 1000; bidders are 1000 and a person's number, once,
 * so that they are persons; states and cities have capitals; the other texts have blanks; `extra` is cut from one long text of letters
 * a to z, at a place and of a length that are drawn.
 */
import type { Auction, Bid, NexmarkEvent, Person } from './events.ts';
import { Kind, kindOf, lastAuction, lastPerson, numberAt, timeOf } from './numbers.ts';
import { Random } from './random.ts';
import { completed, type NexmarkSettings } from './settings.ts';
import {
  type Channel,
  cities,
  drawnChannels,
  drawnLetters,
  drawnPrice,
  drawnText,
  firstNames,
  lastNames,
  lettersStart,
  states,
} from './texts.ts';

const firstId = 1000;
const firstCategory = 10;
const categories = 5;
/** Persons that still act, and auctions that still run; ids may be ahead of what is there. */
const activePersons = 1000;
const runningAuctions = 100;
const lead = 10;
/** One of so many persons, and auctions, is hot. */
const hotEvery = 100;
/** Events in which so many auctions begin as run at a time. */
const runningEvents = 1666;
/** What an event should take on average: numbers count 8 bytes each, texts their length, channel and url nothing. */
const sizes = { person: 200, auction: 500, bid: 100 };
const bytesOf = { person: 8, auction: 6 * 8, bid: 4 * 8 };

export class Generator {
  readonly #random: Random;
  readonly #settings: Required<NexmarkSettings>;
  readonly #delayUs: number;
  readonly #hot: readonly Channel[];
  readonly #cold: readonly Channel[];
  readonly #letters: string;

  /** @throws RangeError for settings that make no sense */
  constructor(settings: NexmarkSettings = {}) {
    this.#settings = completed(settings);
    const { seed, rate } = this.#settings;
    this.#delayUs = 1e6 / rate;
    this.#random = new Random(seed, 0);
    const { hot, cold } = drawnChannels(seed);
    this.#hot = hot;
    this.#cold = cold;
    this.#letters = drawnLetters(seed);
  }

  /** The event at this position, which counts from 0. */
  event(position: number): NexmarkEvent {
    const number = numberAt(position, this.#settings.outOfOrderGroupSize);
    this.#random.begin(number);
    switch (kindOf(number)) {
      case Kind.person:
        return this.#person(number);
      case Kind.auction:
        return this.#auction(number);
      case Kind.bid:
        return this.#bid(number);
    }
  }

  #person(number: number): Person {
    const random = this.#random;
    const name = `${oneOf(random, firstNames)} ${oneOf(random, lastNames)}`;
    const emailAddress = `${this.#text(7)}@${this.#text(5)}.com`;
    const creditCard = `${fourDigits(random)} ${fourDigits(random)} ${fourDigits(random)} ${fourDigits(random)}`;
    const city = oneOf(random, cities);
    const state = oneOf(random, states);
    const size = bytesOf.person + name.length + emailAddress.length + creditCard.length + city.length + state.length;
    return {
      event_type: Kind.person,
      id: firstId + lastPerson(number),
      name,
      emailAddress,
      creditCard,
      city,
      state,
      dateTime: this.#time(number),
      extra: this.#extra(sizes.person - size),
    };
  }

  #auction(number: number): Auction {
    const random = this.#random;
    const itemName = this.#text(20);
    const description = this.#text(100);
    const initialBid = drawnPrice(random);
    const reserve = initialBid + drawnPrice(random);
    const dateTime = this.#time(number);
    const running = this.#time(number + runningEvents) - dateTime;
    return {
      event_type: Kind.auction,
      id: firstId + lastAuction(number),
      itemName,
      description,
      initialBid,
      reserve,
      dateTime,
      expires: dateTime + 1 + random.below(Math.max(2 * running, 1)),
      seller: firstId + (random.below(4) > 0 ? hot(lastPerson(number)) : this.#anyPerson(number)),
      category: firstCategory + random.below(categories),
      extra: this.#extra(sizes.auction - bytesOf.auction - itemName.length - description.length),
    };
  }

  #bid(number: number): Bid {
    const random = this.#random;
    const auction = random.below(2) > 0 ? hot(lastAuction(number)) : this.#anyAuction(number);
    const bidder = random.below(4) > 0 ? hot(lastPerson(number)) + 1 : this.#anyPerson(number);
    const price = drawnPrice(random);
    const { channel, url } = oneOf(random, random.below(2) > 0 ? this.#hot : this.#cold);
    return {
      event_type: Kind.bid,
      auction: firstId + auction,
      bidder: firstId + bidder,
      price,
      channel,
      url,
      dateTime: this.#time(number),
      extra: this.#extra(sizes.bid - bytesOf.bid),
    };
  }

  #time(number: number): number {
    return timeOf(number, this.#settings.baseTimeMs, this.#delayUs);
  }

  #anyPerson(number: number): number {
    const persons = lastPerson(number) + 1;
    const active = Math.min(persons, activePersons);
    return persons - active + this.#random.below(active + lead);
  }

  #anyAuction(number: number): number {
    const newest = lastAuction(number);
    const oldest = Math.max(newest - runningAuctions, 0);
    return oldest + this.#random.below(newest - oldest + 1 + lead);
  }

  #text(end: number): string {
    return drawnText(this.#random, end, ' ').trim();
  }

  /** `want` letters on average, a fifth more or less. */
  #extra(want: number): string {
    const most = Math.round(want * 0.2);
    const length = want - most + this.#random.below(2 * most);
    const begin = this.#random.below(lettersStart);
    return this.#letters.slice(begin, begin + length);
  }
}

const hot = (newest: number): number => Math.floor(newest / hotEvery) * hotEvery;

const oneOf = <T>(random: Random, all: readonly T[]): T => all[random.below(all.length)]!;

const fourDigits = (random: Random): string => String(random.below(10_000)).padStart(4, '0');
