import { WeirError } from '../core/index.ts';
import { keyTag } from './key-tags.ts';
import { textOfLatin1 } from './key-text.ts';

/** Holds nothing between two calls. */
const scratch = new DataView(new ArrayBuffer(8));

/** Reads the parts of a key back; see keys.ts for the form. */
export class KeyReader {
  private readonly key: string;
  private at = 0;

  constructor(key: string) {
    this.key = key;
  }

  all(): unknown[] {
    const values: unknown[] = [];
    while (this.at < this.key.length) values.push(this.part(0));
    return values;
  }

  private part(depth: number): unknown {
    switch (this.take(1)) {
      case keyTag.null:
        return null;
      case keyTag.false:
        return false;
      case keyTag.true:
        return true;
      case keyTag.number:
        return this.number();
      case keyTag.string:
        return textOfLatin1(this.take(this.varint()));
      case keyTag.bytes:
        return new Uint8Array(Buffer.from(this.take(this.varint()), 'latin1'));
      case keyTag.window:
        return { start: this.number(), end: this.number() };
      case keyTag.array:
        return this.array(depth);
      default:
        throw damagedKey();
    }
  }

  private array(depth: number): unknown[] {
    const length = this.varint();
    // Every part takes a byte at least.
    if (length > this.key.length - this.at || depth > 50) throw damagedKey();
    return Array.from({ length }, () => this.part(depth + 1));
  }

  private number(): number {
    const { key, at } = this;
    if (key.length - at < 8) throw damagedKey();
    for (let i = 0; i < 8; i++) scratch.setUint8(i, key.charCodeAt(at + i));
    this.at = at + 8;
    return scratch.getFloat64(0);
  }

  private varint(): number {
    let value = 0;
    for (let factor = 1; factor < Number.MAX_SAFE_INTEGER; factor *= 0x80) {
      const byte = this.take(1).charCodeAt(0);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw damagedKey();
  }

  private take(size: number): string {
    const start = this.at;
    if (size > this.key.length - start) throw damagedKey();
    this.at = start + size;
    return this.key.slice(start, this.at);
  }
}

function damagedKey(): WeirError {
  return new WeirError('E_STATE_DAMAGED', 'a key of the state is damaged');
}
