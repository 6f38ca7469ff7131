/** The sizes of blocks: eighths of powers of two, so that at most an eighth of a block is empty. */

export const smallestBlock = 64;

/** Of a block that has so many bytes at least. */
export function classOf(bytes: number): number {
  const power = 31 - Math.clz32(Math.max(bytes, smallestBlock) - 1);
  return power * 8 + ((Math.max(bytes, smallestBlock) - 1) >>> (power - 3)) - 7;
}

/** How many bytes the blocks of a class have. */
export function sizeOf(size: number): number {
  const power = size >> 3;
  return ((size & 7) + 8) << (power - 3);
}
