/** The UTF-8 bytes of a text as characters 0 to 255, and back. A lone surrogate takes three bytes, like its neighbours in number. */
export function latin1Of(text: string): string {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return encode(text);
  return text;
}

function encode(text: string): string {
  let out = '';
  for (const character of text) out += encodePoint(character.codePointAt(0)!);
  return out;
}

function encodePoint(point: number): string {
  if (point < 0x80) return String.fromCharCode(point);
  if (point < 0x800) return String.fromCharCode((point >> 6) | 0xc0, tail(point));
  if (point < 0x10000) return String.fromCharCode((point >> 12) | 0xe0, tail(point >> 6), tail(point));
  return String.fromCharCode((point >> 18) | 0xf0, tail(point >> 12), tail(point >> 6), tail(point));
}

const tail = (bits: number): number => (bits & 0x3f) | 0x80;

export function textOfLatin1(bytes: string): string {
  for (let i = 0; i < bytes.length; i++) if (bytes.charCodeAt(i) >= 0x80) return decode(bytes);
  return bytes;
}

function decode(bytes: string): string {
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const first = bytes.charCodeAt(i);
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let point = size === 1 ? first : first & (0x7f >> size);
    for (let j = 1; j < size; j++) point = (point << 6) | (bytes.charCodeAt(i + j) & 0x3f);
    out += String.fromCodePoint(Math.min(point, 0x10ffff));
    i += size;
  }
  return out;
}
