/**
 * Elements of one JSON array, cut out of a stream of bytes without holding it whole.
 *
 * Owns: where an element ends. Does not own: whether it is JSON; that says who decodes it. The cut needs to know strings
 * and brackets only, so a damaged element costs itself, not the rest.
 */
import { WeirError } from '../../core/index.ts';
import { keptBytes, type RawRecord, type RecordSplitter } from './record-splitter.ts';

type Expected = 'array' | 'first' | 'element' | 'comma' | 'nothing';

const byte = (character: string): number => character.charCodeAt(0);
const [opening, closing, openBrace, closeBrace, comma, quote, backslash] = ['[', ']', '{', '}', ',', '"', '\\'].map(byte) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

export class ArraySplitter implements RecordSplitter {
  offset: number;
  count: number;
  readonly #elementBytesMax: number;
  readonly #where: string;
  #chunk: Uint8Array = new Uint8Array(0);
  /** The offset of the chunk's first byte. */
  #chunkOffset: number;
  #at = 0;
  #expected: Expected;
  /** Where the element under way begins in the chunk; -1 = none is. */
  #start = -1;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #carried: Uint8Array[] = [];
  #carriedBytes = 0;

  /** @param where the array, as an error names it */
  constructor(offset: number, count: number, elementBytesMax: number, where: string) {
    this.offset = offset;
    this.count = count;
    this.#chunkOffset = offset;
    this.#elementBytesMax = elementBytesMax;
    this.#where = where;
    this.#expected = offset === 0 ? 'array' : 'comma';
  }

  push(chunk: Uint8Array): void {
    this.#chunkOffset += this.#chunk.length;
    this.#chunk = chunk;
    this.#at = 0;
    if (this.#start >= 0) this.#start = 0;
  }

  next(): RawRecord | null {
    for (; this.#at < this.#chunk.length; this.#at++) {
      const found = this.#start >= 0 ? this.#inside(this.#chunk[this.#at]!) : this.#between(this.#chunk[this.#at]!);
      if (found !== null) return found;
    }
    if (this.#start >= 0) {
      this.#carry(this.#chunk.subarray(this.#start));
      this.#start = this.#chunk.length;
    }
    return null;
  }

  end(): RawRecord | null {
    if (this.#expected !== 'nothing')
      throw this.#fault(this.#expected === 'array' ? 'there is no JSON array' : 'the array does not end');
    return null;
  }

  #between(found: number): null {
    if (isSpace(found) || (this.#expected === 'array' && isMark(found, this.#chunkOffset + this.#at))) return null;
    if (found === closing && (this.#expected === 'first' || this.#expected === 'comma')) this.#expected = 'nothing';
    else if (this.#expected === 'array' && found === opening) this.#expected = 'first';
    else if (this.#expected === 'comma' && found === comma) this.#expected = 'element';
    else if (this.#expected === 'first' || this.#expected === 'element') this.#begin();
    else
      throw this.#fault(
        this.#expected === 'nothing' ? 'something follows the array' : `expected ${this.#expected === 'array' ? '[' : ', or ]'}`,
      );
    return null;
  }

  #begin(): void {
    this.#start = this.#at;
    this.#at--; // the first byte counts as one inside
  }

  #inside(found: number): RawRecord | null {
    if (this.#inString) this.#stringByte(found);
    else if (found === quote) this.#inString = true;
    else if (found === opening || found === openBrace) this.#depth++;
    else if (this.#depth === 0 && (found === comma || found === closing)) return this.#element();
    else if (found === closing || found === closeBrace) this.#depth = Math.max(0, this.#depth - 1);
    return null;
  }

  #stringByte(found: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (found === backslash) this.#escaped = true;
    else if (found === quote) this.#inString = false;
  }

  /** The element that ends before the byte at hand, which is read again as what comes between elements. */
  #element(): RawRecord {
    this.#carry(this.#chunk.subarray(this.#start, this.#at));
    const bytes = Buffer.concat(this.#carried);
    const tooLong = this.#carriedBytes > this.#elementBytesMax;
    this.#carried = [];
    this.#carriedBytes = 0;
    this.#start = -1;
    this.#expected = 'comma';
    this.offset = this.#chunkOffset + this.#at;
    this.count++;
    return { bytes: tooLong ? bytes.subarray(0, keptBytes) : bytes, tooLong };
  }

  #carry(part: Uint8Array): void {
    if (this.#carriedBytes <= this.#elementBytesMax && part.length > 0) this.#carried.push(part.slice());
    this.#carriedBytes += part.length;
  }

  #fault(what: string): WeirError {
    const hint = "with perFile: 'array' each file is one JSON array; a file with one value a line needs perFile: 'lines'";
    return new WeirError('E_SOURCE', `${this.#where}, byte ${this.#chunkOffset + this.#at}: ${what}`, { retry: 'never', hint });
  }
}

function isSpace(found: number): boolean {
  return found === 32 || found === 10 || found === 13 || found === 9;
}

function isMark(found: number, offset: number): boolean {
  return found === [0xef, 0xbb, 0xbf][offset];
}
