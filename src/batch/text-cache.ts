/**
 * Strings of bytes that were seen before: making one anew costs several times as much as finding it.
 *
 * Owns: a table of fixed size, each entry the last string of its hash. A memo, not state: what it gives follows from the bytes alone.
 */
import { latin1Slice, type TextBytes } from './text.ts';

const size = 4096;
const hashBase = 257;
/** Longer ones are rarely there twice. */
const lengthMax = 24;

const texts: string[] = Array.from({ length: size }, () => '');
const hashes = new Int32Array(size);

/** The text that these bytes are in latin1. */
export function latin1Text(bytes: TextBytes, from: number, to: number): string {
  const length = to - from;
  if (length > lengthMax) return latin1Slice(bytes, from, to);
  let hash = 0;
  for (let at = from; at < to; at++) hash = (Math.imul(hash, hashBase) + bytes[at]!) | 0;
  const slot = (hash ^ (hash >>> 15)) & (size - 1);
  const known = texts[slot]!;
  if (hashes[slot] === hash && known.length === length && isSame(known, bytes, from)) return known;
  const made = latin1Slice(bytes, from, to);
  texts[slot] = made;
  hashes[slot] = hash;
  return made;
}

function isSame(text: string, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}
