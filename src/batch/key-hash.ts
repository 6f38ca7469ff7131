/**
 * Where a key belongs. Frozen as version 1: checkpoints hold state by key group, so another hash would look for keys in
 * the wrong place. `test/batch/key-hash.test.ts` holds the vectors.
 */
export const keyHashVersion = 1;

/** MurmurHash3 x86 32 with seed 0, over the bytes of a key (one per character): an unsigned 32-bit integer. */
export function hashKey(key: string): number {
  const { length } = key;
  const whole = length - (length % 4);
  let hash = 0;
  for (let i = 0; i < whole; i += 4) {
    hash ^= scramble(byteAt(key, i) | (byteAt(key, i + 1) << 8) | (byteAt(key, i + 2) << 16) | (byteAt(key, i + 3) << 24));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = length - 1; i >= whole; i--) tail = (tail << 8) | byteAt(key, i);
  if (length !== whole) hash ^= scramble(tail);
  return finish(hash ^ length);
}

/** `hashKey` of the key whose bytes these are. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  const whole = to - (length % 4);
  let hash = 0;
  for (let i = from; i < whole; i += 4) {
    hash ^= scramble(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = to - 1; i >= whole; i--) tail = (tail << 8) | bytes[i]!;
  if (to !== whole) hash ^= scramble(tail);
  return finish(hash ^ length);
}

/** The key group of a hash, from its high bits: tables that take the low bits stay independent of it. */
export function keyGroupOf(hash: number, groups: number): number {
  return Math.floor((hash / 4_294_967_296) * groups);
}

const byteAt = (key: string, index: number): number => key.charCodeAt(index) & 0xff;

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function finish(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
