/** Numbers as `ByteWriter` writes them, and those that records of rows have in the place of a key: put where they are to stand. */

export function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** @returns where it ends */
export function putVarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** A number is a text of its digits to the base of 128, the lowest first. */
const digitsOf = varintBytes;

export const numberBytes = (number: number): number => 1 + digitsOf(number);

/** @returns where it ends */
export function putNumber(bytes: Uint8Array, from: number, number: number): number {
  const digits = digitsOf(number);
  bytes[from] = digits * 2;
  let rest = number;
  for (let i = 1; i <= digits; i++, rest = Math.floor(rest / 0x80)) bytes[from + i] = rest & 0x7f;
  return from + 1 + digits;
}

/** What `putNumber` has put; -1: it has not. */
export function numberIn(bytes: Uint8Array, from: number, to: number): number {
  let number = 0;
  for (let i = to - 1; i > from; i--) {
    if (bytes[i]! >= 0x80) return -1;
    number = number * 0x80 + bytes[i]!;
  }
  return bytes[from] === (to - from - 1) * 2 && number < 2 ** 32 ? number : -1;
}
