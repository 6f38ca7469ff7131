/**
 * A key as bytes, made part by part in memory that is used again: what `keyOf` makes as a string, which is its oracle.
 *
 * Owns: the bytes of the parts that are common; all others are asked of `keyOf`. Invariants: K4 byte i is character i of the key, and the hash is `hashKey`.
 */
import { hashBytes } from './key-hash.ts';
import { keyTag } from './key-tags.ts';
import { keyOfOne } from './keys.ts';
import { copyBytes } from './memory.ts';
import { bufferOver, latin1Slice, type TextBytes } from './text.ts';

const tagOf = (tag: string): number => tag.charCodeAt(0);
const nullTag = tagOf(keyTag.null);
const numberTag = tagOf(keyTag.number);
const stringTag = tagOf(keyTag.string);
const windowTag = tagOf(keyTag.window);

/** Lengths below this are one byte. */
const shortText = 0x80;

export class KeyBytes {
  /** The key lies here, from 0 to `length`. */
  bytes: TextBytes = bufferOver(new Uint8Array(64));
  length = 0;
  #view: DataView = new DataView(this.bytes.buffer, this.bytes.byteOffset);

  /** Of the key that is complete, as a whole number with a sign: that needs no object. */
  hash = 0;

  /** The next key. */
  clear(): void {
    this.length = 0;
  }

  /** All parts are there. @returns `hashKey` of them */
  complete(): number {
    const hash = hashBytes(this.bytes, 0, this.length);
    this.hash = hash | 0;
    return hash;
  }

  /** A whole key. */
  set(key: string): void {
    this.clear();
    this.#characters(key);
    this.complete();
  }

  /** The key as a string. */
  text(): string {
    return latin1Slice(this.bytes, 0, this.length);
  }

  null(): void {
    this.#reserve(1);
    this.bytes[this.length++] = nullTag;
  }

  number(value: number): void {
    this.#reserve(9);
    this.bytes[this.length++] = numberTag;
    this.#double(value);
  }

  window(start: number, end: number): void {
    this.#reserve(17);
    this.bytes[this.length++] = windowTag;
    this.#double(start);
    this.#double(end);
  }

  /** A text of ASCII. */
  ascii(text: TextBytes, from: number, to: number): void {
    const size = to - from;
    if (size >= shortText) return this.part(latin1Slice(text, from, to));
    this.#reserve(size + 2);
    this.bytes[this.length] = stringTag;
    this.bytes[this.length + 1] = size;
    copyBytes(text, from, to, this.bytes, this.length + 2);
    this.length += size + 2;
  }

  /** Any value that may be a part; throws `E_VALUE` for another. */
  part(value: unknown): void {
    if (typeof value === 'number') this.number(value);
    else this.#characters(keyOfOne(value));
  }

  #characters(key: string): void {
    this.#reserve(key.length);
    for (let i = 0; i < key.length; i++) this.bytes[this.length++] = key.charCodeAt(i);
  }

  #double(value: number): void {
    // As in keys.ts: one zero, one NaN.
    this.#view.setFloat64(this.length, value === value ? value + 0 : Number.NaN);
    this.length += 8;
  }

  #reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.length + size, this.bytes.length * 2));
    grown.set(this.bytes);
    this.bytes = bufferOver(grown);
    this.#view = new DataView(grown.buffer);
  }
}
