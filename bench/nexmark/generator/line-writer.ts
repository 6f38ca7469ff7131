/**
 * Events as lines of JSON, in bytes: what `lineOf` says, about twice as fast.
 *
 * Owns: text that is put together by hand and gathered, so that many lines become bytes at once; times from their digits. No value needs
 * an escape: texts of events are letters, digits and a few signs (texts.ts). What is written is in ASCII.
 */
import type { Auction, Bid, NexmarkEvent, Person } from './events.ts';
import type { Generator } from './generator.ts';

const gatheredCharsMax = 1 << 14;
const lineBytesUsual = 320;
const dayMs = 86_400_000;
/** There are no dates after this day. */
const dayMax = 1e8;

const digits = (count: number): readonly string[] =>
  Array.from({ length: 10 ** count }, (_, value) => String(value).padStart(count, '0'));
const two = digits(2);
const three = digits(3);

export class LineWriter {
  readonly #generator: Generator;
  #day = Number.NaN;
  #date = '';

  constructor(generator: Generator) {
    this.#generator = generator;
  }

  /** The lines of the events from one position to another, in the memory of `reused` if they fit. */
  slice(from: number, to: number, reused?: ArrayBuffer): Uint8Array<ArrayBuffer> {
    let bytes = Buffer.from(reused ?? new ArrayBuffer((to - from) * lineBytesUsual + gatheredCharsMax));
    let length = 0;
    let text = '';
    for (let position = from; position < to; position++) {
      text += this.#line(this.#generator.event(position));
      if (text.length < gatheredCharsMax && position !== to - 1) continue;
      if (bytes.length - length < text.length) bytes = grown(bytes, length, text.length);
      length += bytes.write(text, length, 'latin1');
      text = '';
    }
    return new Uint8Array(bytes.buffer, 0, length);
  }

  #line(event: NexmarkEvent): string {
    switch (event.event_type) {
      case 0:
        return this.#person(event);
      case 1:
        return this.#auction(event);
      case 2:
        return this.#bid(event);
    }
  }

  #person({ id, name, emailAddress, creditCard, city, state, dateTime, extra }: Person): string {
    return `{"event_type":0,"id":${id},"name":"${name}","emailAddress":"${emailAddress}","creditCard":"${creditCard}","city":"${city}","state":"${state}","dateTime":"${this.#time(dateTime)}","extra":"${extra}"}\n`;
  }

  #auction(event: Auction): string {
    const { id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra } = event;
    return `{"event_type":1,"id":${id},"itemName":"${itemName}","description":"${description}","initialBid":${initialBid},"reserve":${reserve},"dateTime":"${this.#time(dateTime)}","expires":"${this.#time(expires)}","seller":${seller},"category":${category},"extra":"${extra}"}\n`;
  }

  #bid({ auction, bidder, price, channel, url, dateTime, extra }: Bid): string {
    return `{"event_type":2,"auction":${auction},"bidder":${bidder},"price":${price},"channel":"${channel}","url":"${url}","dateTime":"${this.#time(dateTime)}","extra":"${extra}"}\n`;
  }

  /** ISO 8601 in UTC; most times are of the day of the one before. */
  #time(ms: number): string {
    const day = Math.floor(ms / dayMs);
    if (day !== this.#day) {
      if (day > dayMax) throw new RangeError('the events go beyond the last date there is: give a higher rate');
      const text = new Date(day * dayMs).toISOString();
      this.#date = text.slice(0, text.indexOf('T') + 1);
      this.#day = day;
    }
    const time = ms - day * dayMs;
    const seconds = Math.floor(time / 1000);
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    return `${this.#date}${two[hours]}:${two[minutes - hours * 60]}:${two[seconds - minutes * 60]}.${three[time - seconds * 1000]}Z`;
  }
}

function grown(bytes: Buffer<ArrayBuffer>, length: number, more: number): Buffer<ArrayBuffer> {
  const larger = Buffer.from(new ArrayBuffer(2 * bytes.length + more));
  bytes.copy(larger, 0, 0, length);
  return larger;
}
