import { describe, expect, test } from 'vitest';
import { Generator } from '../../../bench/nexmark/generator/index.ts';
import { events, isAuction, isBid, isPerson, mean, share } from './events-fixture.ts';

/** 10 ms from one to the next. */
const generator = new Generator({ rate: 100 });
const count = 150_000;
const run = events(generator, 0, count);
const numbered = run.map((event, number) => ({ event, number }));
const baseTimeMs = Date.UTC(2015, 6, 14, 23, 58, 20);

const persons = run.filter(isPerson);
const auctions = run.filter(isAuction);
const bids = run.filter(isBid);
/** Bids and auctions behind the first hundreds, where there is a choice. */
const settled = numbered.filter(({ number }) => number >= 5000);
const bidsSettled = settled.flatMap(({ event, number }) => (isBid(event) ? [{ ...event, number }] : []));
const auctionsSettled = settled.flatMap(({ event, number }) => (isAuction(event) ? [{ ...event, number }] : []));

const personsBy = (number: number): number => Math.floor(number / 50) + 1;
const hundred = (newest: number): number => Math.floor(newest / 100) * 100;
/** The newest auction at a bid. */
const newestAuction = (number: number): number => Math.floor(number / 50) * 3 + 2;

describe('kinds, numbers and times', () => {
  test('each 50 events are a person, three auctions and 46 bids, in this order', () => {
    const epoch = [0, 1, 1, 1, ...Array.from({ length: 46 }, () => 2)];
    expect(run.map(({ event_type }) => event_type)).toEqual(Array.from({ length: count / 50 }, () => epoch).flat());
  });

  test('persons and auctions are numbered from 1000', () => {
    expect(persons.map(({ id }) => id)).toEqual(persons.map((_, i) => 1000 + i));
    expect(auctions.map(({ id }) => id)).toEqual(auctions.map((_, i) => 1000 + i));
  });

  test('events are as far apart as the rate says, rounded down to milliseconds', () => {
    expect(run.map(({ dateTime }) => dateTime)).toEqual(run.map((_, number) => baseTimeMs + number * 10));
    const odd = events(new Generator({ rate: 3000, baseTimeMs: 5 }), 0, 10);
    expect(odd.map(({ dateTime }) => dateTime)).toEqual([5, 5, 5, 6, 6, 6, 7, 7, 7, 8]);
  });
});

describe('persons', () => {
  test('have names, addresses, cards, cities and states as they are to be', () => {
    const text = persons.map((one) => `${one.name}, ${one.emailAddress}, ${one.creditCard}, ${one.city}, ${one.state}`);
    const first = 'Peter|Paul|Luke|John|Saul|Vicky|Kate|Julie|Sarah|Deiter|Walter';
    const last = 'Shultz|Abrams|Spencer|White|Bartels|Walton|Smith|Jones|Noris';
    const city = 'Phoenix|Los Angeles|San Francisco|Boise|Portland|Bend|Redmond|Seattle|Kent|Cheyenne';
    const form = new RegExp(
      `^(${first}) (${last}), [a-z ]{0,6}@[a-z ]{0,4}\\.com, (\\d{4} ){3}\\d{4}, (${city}), (AZ|CA|ID|OR|WA|WY)$`,
    );
    expect(text.filter((one) => !form.test(one))).toEqual([]);
    const distinct = (of: (one: (typeof persons)[number]) => string): number => new Set(persons.map(of)).size;
    expect(distinct(({ name }) => name)).toBe(11 * 9);
    expect(distinct(({ city, state }) => `${city} ${state}`)).toBe(10 * 6);
  });

  test('take 200 bytes on average', () => {
    const sizes = persons.map(
      ({ name, emailAddress, creditCard, city, state, extra }) =>
        8 + [name, emailAddress, creditCard, city, state, extra].join('').length,
    );
    expect(Math.abs(mean(sizes) - 199.5)).toBeLessThan(2);
  });
});

describe('auctions', () => {
  test('end within twice the time in which a hundred others begin', () => {
    const running = auctions.map(({ dateTime, expires }) => expires - dateTime);
    expect(Math.min(...running)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...running)).toBeLessThanOrEqual(2 * 16_660);
    expect(Math.abs(mean(running) - 16_660)).toBeLessThan(350);
  });

  test('are sold by one person of a hundred in three cases of four, else by somebody active', () => {
    const sellers = auctionsSettled.map(({ seller, number }) => ({ seller: seller - 1000, persons: personsBy(number) }));
    const hot = share(sellers, (one) => one.seller === hundred(one.persons - 1));
    expect(Math.abs(hot - (0.75 + 0.25 / 1010))).toBeLessThan(0.02);
    expect(sellers.filter((one) => one.seller < Math.max(0, one.persons - 1000) || one.seller >= one.persons + 10)).toEqual([]);
  });

  test('have five categories, a reserve above the first bid, and 500 bytes on average', () => {
    expect(new Set(auctions.map(({ category }) => category))).toEqual(new Set([10, 11, 12, 13, 14]));
    expect(auctions.every(({ initialBid, reserve }) => initialBid >= 100 && reserve >= initialBid + 100)).toBe(true);
    const sizes = auctions.map(({ itemName, description, extra }) => 48 + itemName.length + description.length + extra.length);
    expect(Math.abs(mean(sizes) - 499.5)).toBeLessThan(2);
  });

  test('have texts of letters and blanks, without one at either end', () => {
    const texts = auctions.map(({ itemName, description }) => `${itemName}/${description}`);
    expect(texts.filter((text) => !/^([a-z]([a-z ]{0,17}[a-z])?)?\/([a-z]([a-z ]{0,97}[a-z])?)?$/.test(text))).toEqual([]);
    const letters = auctions.map(({ description }) => description).join('');
    // A little less than one in 13: those at the ends are gone.
    expect(Math.abs(letters.split(' ').length / letters.length - 1 / 13)).toBeLessThan(0.005);
  });
});

describe('bids', () => {
  test('go to one auction of a hundred in half of the cases, else to one that runs', () => {
    const hot = share(bidsSettled, ({ auction, number }) => auction - 1000 === hundred(newestAuction(number)));
    expect(Math.abs(hot - (0.5 + 0.5 / 111))).toBeLessThan(0.003);
    const outside = bidsSettled.filter(({ auction, number }) => {
      const behind = newestAuction(number) - (auction - 1000);
      return behind > 100 || behind < -10;
    });
    expect(outside).toEqual([]);
  });

  test('come from one person of a hundred in three cases of four, and the base is added once', () => {
    const hot = share(bidsSettled, ({ bidder, number }) => bidder - 1000 === hundred(personsBy(number) - 1) + 1);
    expect(Math.abs(hot - (0.75 + 0.25 / 1010))).toBeLessThan(0.005);
    const outside = bidsSettled.filter(({ bidder, number }) => {
      const ahead = bidder - 1000 - personsBy(number);
      return ahead >= 10 || ahead < -1000;
    });
    expect(outside).toEqual([]);
  });

  test('have prices from 100 to 100,000,000, uniform in their logarithm', () => {
    const logs = bids.map(({ price }) => Math.log10(price));
    expect(bids.every(({ price }) => Number.isInteger(price) && price >= 100 && price <= 100_000_000)).toBe(true);
    expect(Math.abs(mean(logs) - 5)).toBeLessThan(0.02);
    for (let power = 2; power < 8; power++)
      expect(Math.abs(share(logs, (log) => Math.floor(log) === power) - 1 / 6)).toBeLessThan(0.006);
  });

  test('come by four channels in half of the cases, each with its url', () => {
    const hot = bids.filter(({ channel }) => !channel.startsWith('channel-'));
    expect(Math.abs(hot.length / bids.length - 0.5)).toBeLessThan(0.006);
    const pairs = [...new Set(hot.map(({ channel, url }) => `${channel} ${url}`))].sort();
    expect(pairs.map((pair) => pair.split(' ')[0])).toEqual(['Apple', 'Baidu', 'Facebook', 'Google']);
    expect(pairs.every((pair) => pair.endsWith('/item.htm?query=1'))).toBe(true);
  });

  test('come by 10,000 other channels, nine tenths of which say their id in the url: its bits from behind', () => {
    const urls = new Map(bids.filter(({ channel }) => channel.startsWith('channel-')).map(({ channel, url }) => [channel, url]));
    expect(urls.size).toBeGreaterThan(9970);
    const form = /^https:\/\/www\.nexmark\.com(\/[a-z_]{3,4}){3}\/item\.htm\?query=1(&channel_id=\d+)?$/;
    expect([...urls.values()].filter((url) => !form.test(url))).toEqual([]);
    const known = [...urls].filter(([, url]) => url.includes('&channel_id='));
    expect(Math.abs(known.length / urls.size - 0.9)).toBeLessThan(0.012);
    const ids = new Map(known.map(([channel, url]) => [channel, Number(url.split('channel_id=')[1])]));
    const reversed = (index: number): number =>
      Number.parseInt(index.toString(2).padStart(32, '0').split('').reverse().join(''), 2);
    expect([...ids].filter(([channel, id]) => id !== Math.abs(reversed(Number(channel.slice(8))) | 0))).toEqual([]);
  });

  test('have an `extra` of 54 to 81 letters', () => {
    const lengths = bids.map(({ extra }) => extra.length);
    expect(new Set(lengths)).toEqual(new Set(Array.from({ length: 28 }, (_, i) => 54 + i)));
    expect(bids.every(({ extra }) => /^[a-z]+$/.test(extra))).toBe(true);
  });
});

describe('chance', () => {
  test('starts anew at each event: any of them can be made at any time', () => {
    const other = new Generator({ rate: 100 });
    for (const position of [149_999, 0, 77_777, 50, 77_777, 51]) expect(other.event(position)).toEqual(run[position]);
  });

  test('differs from seed to seed, in the tables too, and from event to event', () => {
    const other = events(new Generator({ rate: 100, seed: 2 }), 0, 1000);
    expect(other.filter(({ extra }, i) => extra === run[i]!.extra)).toEqual([]);
    const urls = new Set(bids.map(({ url }) => url));
    expect(other.filter(isBid).some(({ url }) => urls.has(url))).toBe(false);
    const high = events(new Generator({ rate: 100, seed: 2 + 2 ** 32 }), 0, 1000);
    expect(high.filter(({ extra }, i) => extra === other[i]!.extra)).toEqual([]);
    expect(new Set(bids.map(({ price, extra }) => `${price} ${extra}`)).size).toBe(bids.length);
    expect(generator.event(4 + 50 * 2 ** 40)).not.toMatchObject({ price: (run[4] as { price: number }).price });
  });

  test('of neighbours is not related', () => {
    const centred = bids.map(({ price }) => Math.log10(price) - 5);
    for (const distance of [1, 2, 23, 46])
      expect(Math.abs(mean(centred.slice(distance).map((log, i) => log * centred[i]!)) / 3)).toBeLessThan(0.01);
  });
});

describe('disorder', () => {
  test('shuffles each group in the same way, and changes no event', () => {
    const shuffled = events(new Generator({ rate: 100, outOfOrderGroupSize: 200 }), 0, 1000);
    expect(shuffled).toEqual(shuffled.map((_, i) => run[Math.floor(i / 200) * 200 + ((i * 953) % 200)]));
    expect([...shuffled].sort((a, b) => a.dateTime - b.dateTime)).toEqual(run.slice(0, 1000));
    expect(shuffled).not.toEqual(run.slice(0, 1000));
  });

  test('is refused for groups in which events would come twice', () => {
    expect(() => new Generator({ outOfOrderGroupSize: 953 * 2 })).toThrow(/groups of 1906 would hold events twice/);
  });
});

test('settings that make no sense are refused', () => {
  const refused = (settings: object, said: RegExp) => expect(() => new Generator(settings)).toThrow(said);
  refused({ seed: -1 }, /-1 is no seed/);
  refused({ seed: 1.5 }, /1.5 is no seed/);
  refused({ rate: 0 }, /0 is no rate/);
  refused({ rate: Number.POSITIVE_INFINITY }, /Infinity is no rate/);
  refused({ baseTimeMs: Number.NaN }, /NaN is no time of a first event/);
  refused({ outOfOrderGroupSize: 0 }, /0 is no size of a group/);
});
