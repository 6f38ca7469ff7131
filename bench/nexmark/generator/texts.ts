/**
 * Texts and prices that are drawn, and the tables that they are drawn from.
 *
 * Owns: what does not depend on the single event: names, channels with their urls, the letters that `extra` is cut from, powers of
 * ten. Tables that are drawn come from the seed alone. Everything is ASCII that JSON takes as it is.
 */
import { Random } from './random.ts';

export const firstNames = [
  'Peter',
  'Paul',
  'Luke',
  'John',
  'Saul',
  'Vicky',
  'Kate',
  'Julie',
  'Sarah',
  'Deiter',
  'Walter',
] as const;
export const lastNames = ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'] as const;
export const cities = [
  'Phoenix',
  'Los Angeles',
  'San Francisco',
  'Boise',
  'Portland',
  'Bend',
  'Redmond',
  'Seattle',
  'Kent',
  'Cheyenne',
] as const;
export const states = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'] as const;
const hotChannels = ['Google', 'Facebook', 'Baidu', 'Apple'];
const channels = 10_000;

/** Domains of chance; that of the events is 0. */
const domain = { channels: 1, letters: 2 };

const letter = (index: number): string => String.fromCharCode(97 + index);

/** 3 to `end` - 1 characters: `gap` once in 13, else letters. */
export function drawnText(random: Random, end: number, gap: ' ' | '_'): string {
  let text = '';
  for (let left = 3 + random.below(end - 3); left > 0; left--) {
    const drawn = random.below(13 * 26);
    text += drawn < 26 ? gap : letter(drawn % 26);
  }
  return text;
}

export interface Channel {
  readonly channel: string;
  readonly url: string;
}

/** The number whose 32 bits are those of `index` from behind, without its sign: the channel's id in its url. */
export function channelId(index: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed |= ((index >>> bit) & 1) << (31 - bit);
  return Math.abs(reversed);
}

/** The hot channels, and all the others. */
export function drawnChannels(seed: number): { readonly hot: readonly Channel[]; readonly cold: readonly Channel[] } {
  const random = new Random(seed, domain.channels);
  random.begin(0);
  const part = (): string => drawnText(random, 5, '_');
  const url = (): string => `https://www.nexmark.com/${part()}/${part()}/${part()}/item.htm?query=1`;
  return {
    hot: hotChannels.map((channel) => ({ channel, url: url() })),
    cold: Array.from({ length: channels }, (_, i) => ({
      channel: `channel-${i}`,
      url: `${url()}${random.below(10) > 0 ? `&channel_id=${channelId(i)}` : ''}`,
    })),
  };
}

/** Places at which an `extra` may begin. */
export const lettersStart = 1 << 20;
/** The longest `extra`: that of an auction whose other texts are as short as can be. */
const extraMax = 600;

/** Letters that every `extra` is a piece of. */
export function drawnLetters(seed: number): string {
  const random = new Random(seed, domain.letters);
  random.begin(0);
  const bytes = Buffer.allocUnsafe(lettersStart + extraMax);
  for (let i = 0; i < bytes.length; i++) bytes[i] = 97 + random.below(26);
  return bytes.toString('latin1');
}

/**
 * 10^(6 u / 2^32) for 2^32 values u, each as a product of three: roots of a million by square roots, because only these, unlike powers,
 * are the same on every machine.
 */
const [upper, middle, lower] = powersOfTen();

function powersOfTen(): readonly [Float64Array, Float64Array, Float64Array] {
  let root = 1e6;
  const rootOfBit = Array.from({ length: 32 }, () => (root = Math.sqrt(root)));
  const products = (fromBit: number, bits: number): Float64Array =>
    Float64Array.from({ length: 1 << bits }, (_, value) => {
      let product = 1;
      for (let bit = 0; bit < bits; bit++) if ((value >>> (bits - 1 - bit)) & 1) product *= rootOfBit[fromBit + bit]!;
      return product;
    });
  return [products(0, 11), products(11, 11), products(22, 10)];
}

/** A price in cents: 100 to 100,000,000, its logarithm uniform. */
export function drawnPrice(random: Random): number {
  const u = random.bits();
  return Math.round(upper[u >>> 21]! * middle[(u >>> 10) & 2047]! * lower[u & 1023]! * 100);
}
