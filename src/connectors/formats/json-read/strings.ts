/**
 * Strings of JSON as bytes: where they end, and what their escapes stand for.
 *
 * Owns: what a string may hold. Left (-1) is what cannot be UTF-8 once it is read: lone surrogates; and of course what is no string.
 */
import { isUtf8 } from 'node:buffer';

const quote = 34;
const backslash = 92;
const letterU = 117;

/** 1 for a byte that is a character, and stands for itself. */
export const plainBytes: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 32 && byte < 128 && byte !== quote && byte !== backslash ? 1 : 0,
);
/** What stands behind a backslash, and the byte that it means. */
const simpleEscapes = new Uint8Array(256);
for (const [letter, meant] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'])
  simpleEscapes[letter!.charCodeAt(0)] = meant!.charCodeAt(0);

export class JsonStrings {
  /** The string that was looked at last has escapes. */
  escaped = false;

  /**
   * The closing quote of the string whose text begins at `from`; -1 if there is none, or the string is left.
   *
   * @param at up to where it is known to be plain
   */
  end(bytes: Uint8Array, from: number, at: number = from): number {
    let escaped = false;
    let wide = false;
    let end = at;
    for (;;) {
      const byte = bytes[end]!;
      if (plainBytes[byte] === 1) end++;
      else if (byte === quote) break;
      else if (byte > 127) {
        wide = true;
        end++;
      } else {
        if (byte !== backslash) return -1;
        escaped = true;
        end = behindEscape(bytes, end);
        if (end < 0) return -1;
      }
    }
    if (wide && !isUtf8(bytes.subarray(from, end))) return -1;
    this.escaped = escaped;
    return end;
  }
}

function behindEscape(bytes: Uint8Array, at: number): number {
  const letter = bytes[at + 1]!;
  if (letter !== letterU) return simpleEscapes[letter] ? at + 2 : -1;
  const unit = hexAt(bytes, at + 2);
  if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff)) return -1;
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  const isPair = bytes[at + 6] === backslash && bytes[at + 7] === letterU && hexAt(bytes, at + 8) >> 10 === 0x37;
  return isPair ? at + 12 : -1;
}

/** Four hexadecimal digits; -1 if they are none. */
function hexAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = bytes[i]!;
    const lower = byte | 32;
    const digit = byte >= 48 && byte <= 57 ? byte - 48 : lower >= 97 && lower <= 102 ? lower - 87 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Puts what the escapes between `start` and `end` stand for in their place; where the text ends then. Only of what `end` took. */
export function unescapeInPlace(bytes: Uint8Array, start: number, end: number): number {
  let to = bytes.indexOf(backslash, start);
  for (let at = to; at < end; ) {
    const byte = bytes[at]!;
    if (byte !== backslash) {
      bytes[to++] = byte;
      at++;
    } else if (bytes[at + 1] !== letterU) {
      bytes[to++] = simpleEscapes[bytes[at + 1]!]!;
      at += 2;
    } else {
      const unit = hexAt(bytes, at + 2);
      const isPair = unit >> 10 === 0x36;
      to = putUtf8(bytes, to, isPair ? 0x10000 + ((unit & 0x3ff) << 10) + (hexAt(bytes, at + 8) & 0x3ff) : unit);
      at += isPair ? 12 : 6;
    }
  }
  return to;
}

function putUtf8(bytes: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    bytes[at] = point;
    return at + 1;
  }
  const more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  bytes[at] = ((0xff00 >> (more + 1)) & 0xff) | (point >> (6 * more));
  for (let i = 1; i <= more; i++) bytes[at + i] = 0x80 | ((point >> (6 * (more - i))) & 0x3f);
  return at + more + 1;
}
