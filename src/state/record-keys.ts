/** Keys in records: the bytes of `KeyBytes`, which are characters up to 255, as `ByteWriter.string` writes a string of them, and back. */
import { invariant } from '../core/index.ts';
import { putVarint, varintBytes } from './record-numbers.ts';

/** How many bytes the key takes in a record. */
export function recordKeyBytes(key: Uint8Array, from: number, to: number): number {
  const text = textBytes(key, from, to);
  return varintBytes(text * 2) + text;
}

/** @returns where it ends */
export function putRecordKey(target: Uint8Array, at: number, key: Uint8Array, from: number, to: number): number {
  let place = putVarint(target, at, textBytes(key, from, to) * 2);
  for (let i = from; i < to; i++) {
    const code = key[i]!;
    if (code >= 0x80) target[place++] = 0xc0 | (code >>> 6);
    target[place++] = code < 0x80 ? code : 0x80 | (code & 0x3f);
  }
  return place;
}

/** The key that a record has in [from, to), to a place that has room for as many bytes. @returns how many it has */
export function takeRecordKey(bytes: Uint8Array, from: number, to: number, target: Uint8Array): number {
  let at = from;
  while (bytes[at++]! >= 0x80); // its length is known by its end
  invariant((bytes[from]! & 1) === 0, 'S43: the characters of a key are bytes');
  let length = 0;
  while (at < to) {
    const byte = bytes[at++]!;
    target[length++] = byte < 0x80 ? byte : ((byte & 0x03) << 6) | (bytes[at++]! & 0x3f);
  }
  return length;
}

function textBytes(key: Uint8Array, from: number, to: number): number {
  let bytes = to - from;
  for (let i = from; i < to; i++) if (key[i]! >= 0x80) bytes++;
  return bytes;
}
