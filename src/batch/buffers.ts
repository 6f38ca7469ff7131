/**
 * How a column's buffers travel: collected by the encoder, found again by the decoder.
 *
 * Owns: the directory of 8-byte-aligned buffers of one message. Does not own: what a buffer means (each column), the
 * header (codec.ts).
 */
import { WeirError } from '../core/index.ts';

/** What the metadata of a message says of one column. Numbers are indices into the buffer directory. */
export interface ColumnForm {
  /** The null bitmap; absent if no row is null. */
  readonly n?: number;
  readonly b: readonly number[];
  /** Columns inside: of a list its elements, of a struct its fields. */
  readonly c?: readonly ColumnForm[];
  /** Encoding of the buffers, where a type has several. */
  readonly e?: number;
}

export const aligned = (size: number): number => Math.ceil(size / 8) * 8;

/** Collects buffers; nothing is copied before the message is put together. */
export class BufferSink {
  readonly buffers: Uint8Array[] = [];

  /** The buffer's index in the directory. */
  add(view: ArrayBufferView): number {
    return this.buffers.push(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)) - 1;
  }

  addNulls(nulls: Uint8Array | null): { readonly n?: number } {
    return nulls === null ? {} : { n: this.add(nulls) };
  }
}

/** The buffers of a received message, as views of it. */
export class BufferSource {
  private readonly bytes: Uint8Array;
  private readonly starts: number[] = [];
  private readonly sizes: readonly number[];

  /** @throws WeirError `E_CHANNEL` unless buffers of these sizes fill `bytes` from `start` exactly */
  constructor(bytes: Uint8Array, start: number, sizes: readonly number[]) {
    this.bytes = bytes;
    this.sizes = sizes;
    let at = start;
    for (const size of sizes) {
      if (!Number.isSafeInteger(size) || size < 0) throw damaged('a buffer has no size');
      this.starts.push(at);
      at += aligned(size);
    }
    if (at !== bytes.length) throw damaged('the buffers do not fill the message');
  }

  at(index: unknown): Uint8Array {
    const start = this.starts[index as number];
    const size = this.sizes[index as number];
    if (start === undefined || size === undefined) throw damaged('a buffer is missing');
    return this.bytes.subarray(start, start + size);
  }

  /** `count` elements of another width. */
  float64(index: unknown, count: number): Float64Array {
    const view = this.sized(index, count * 8);
    return new Float64Array(view.buffer, view.byteOffset, count);
  }
  int64(index: unknown, count: number): BigInt64Array {
    const view = this.sized(index, count * 8);
    return new BigInt64Array(view.buffer, view.byteOffset, count);
  }
  uint32(index: unknown, count: number): Uint32Array {
    const view = this.sized(index, count * 4);
    return new Uint32Array(view.buffer, view.byteOffset, count);
  }
  int32(index: unknown, count: number): Int32Array {
    const view = this.sized(index, count * 4);
    return new Int32Array(view.buffer, view.byteOffset, count);
  }
  uint8(index: unknown, count: number): Uint8Array {
    return this.sized(index, count);
  }

  /** `count + 1` rising offsets from 0; checked here, so that no reader can run off. */
  offsets(index: unknown, count: number): Uint32Array {
    const view = this.sized(index, (count + 1) * 4);
    const offsets = new Uint32Array(view.buffer, view.byteOffset, count + 1);
    let last = 0;
    for (const offset of offsets) {
      if (offset < last) throw damaged('offsets fall');
      last = offset;
    }
    if (offsets[0] !== 0) throw damaged('offsets do not start at 0');
    return offsets;
  }

  nulls(form: ColumnForm, count: number): Uint8Array | null {
    return form.n === undefined ? null : this.sized(form.n, Math.ceil(count / 8));
  }

  private sized(index: unknown, size: number): Uint8Array {
    const view = this.at(index);
    if (view.length !== size) throw damaged(`a buffer has ${view.length} bytes instead of ${size}`);
    return view;
  }
}

/** The error for every message that is not as an encoder wrote it. */
export function damaged(what: string, cause?: unknown): WeirError {
  return new WeirError('E_CHANNEL', `a batch message is damaged: ${what}`, cause === undefined ? {} : { cause });
}
