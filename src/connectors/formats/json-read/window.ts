/**
 * Memory that lines are looked at in where texts end sixteen bytes at a time: a function of WebAssembly, which sees no other memory.
 *
 * Owns: that memory, one of each thread, which all readers share; so what lies in it is there until the next `hold`.
 * `plainBytes` (strings.ts) says the same, a byte at a time.
 */

/** What of it is used here; only types of browsers know it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const pageBytes = 64 * 1024;
const pages = 2;
/** What is held may be read over by one step, and a byte that ends every text stands behind it. */
const heldMax = pages * pageBytes - 32;

const each = (byte: number): number[] => Array.from({ length: 16 }, () => byte);
const section = (id: number, content: readonly number[]): number[] => [id, content.length, ...content];

/** `end(at)`: from `at` on, where a byte is that is a quote, a backslash, or below 32 or above 127. */
function moduleBytes(): Uint8Array {
  const [at, bytes, found] = [0, 1, 2];
  const [get, set] = [0x20, 0x21];
  const vector = 0xfd;
  const [load, constant, equal, less, or, mask] = [0x00, 0x0c, 0x23, 0x25, 0x50, 0x64].map((code) => [vector, code]);
  const code = [
    ...[2, 1, 0x7b, 1, 0x7f], // locals: bytes is a vector, found an i32
    ...[0x03, 0x40], // loop
    ...[get, at, ...load!, 4, 0, set, bytes],
    ...[get, bytes, ...constant!, ...each(34), ...equal!],
    ...[get, bytes, ...constant!, ...each(92), ...equal!, ...or!],
    ...[get, bytes, ...constant!, ...each(32), ...less!, ...or!], // as signed bytes, those above 127 are less than 0
    ...[...mask!, set, found],
    ...[get, found, 0x45, 0x04, 0x40], // if there is none
    ...[get, at, 0x41, 16, 0x6a, set, at, 0x0c, 1], // at += 16, once more
    ...[0x0b, 0x0b], // end of if and loop
    ...[get, at, get, found, 0x68, 0x6a, 0x0b], // at and the number of zeros before the first one
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // its name, and version 1
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]), // a function takes an i32, and gives one
    ...section(3, [1, 0]),
    ...section(5, [1, 1, pages, pages]),
    ...section(7, [2, 1, 0x6d, 2, 0, 1, 0x65, 0, 0]), // exports: m, the memory, and e, the function
    ...section(10, [1, code.length, ...code]),
  ]);
}

export class LineWindow {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the plain part of a text ends that goes on at `at`. */
  readonly plainEnd: (at: number) => number;

  constructor() {
    const { m, e } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports as {
      readonly m: { readonly buffer: ArrayBuffer };
      readonly e: (at: number) => number;
    };
    this.bytes = new Uint8Array(m.buffer);
    this.view = new DataView(m.buffer);
    this.plainEnd = e;
  }

  /**
   * Holds whole lines of those in [from, to), from 0 on; as many as there is room for.
   *
   * @returns behind the last one; 0 if not even the first has room
   */
  hold(bytes: Uint8Array, from: number, to: number): number {
    const isAll = to - from <= heldMax;
    const end = isAll ? to : bytes.lastIndexOf(10, from + heldMax - 1) + 1;
    if (end <= from) return 0;
    this.bytes.set(bytes.subarray(from, end), 0);
    this.bytes[end - from] = 0;
    return end - from;
  }

  /** Holds a record and a line feed behind it; false if there is no room. */
  holdRecord(record: Uint8Array): boolean {
    const { length } = record;
    if (length >= heldMax) return false;
    this.bytes.set(record, 0);
    this.bytes[length] = 10;
    this.bytes[length + 1] = 0;
    return true;
  }
}

let shared: LineWindow | null | undefined;

/** The window of this thread; null where there are no such instructions. */
export function lineWindow(): LineWindow | null {
  if (shared !== undefined) return shared;
  try {
    shared = new LineWindow();
  } catch {
    shared = null; // then a byte at a time
  }
  return shared;
}
