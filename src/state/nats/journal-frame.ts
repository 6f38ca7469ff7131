/** Entries of a journal that are stored together: what was appended while another append was under way. */

export interface JournalFrame {
  /** The sequence of its first entry. */
  readonly first: number;
  readonly values: readonly Uint8Array[];
}

const headerBytes = 12;
/** One value may be longer. */
export const frameBytesMax: number = 112 * 1024;

export function encodeFrame({ first, values }: JournalFrame): Uint8Array {
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + 4 + value.length, headerBytes));
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, first);
  view.setUint32(8, values.length);
  let at = headerBytes;
  for (const value of values) {
    view.setUint32(at, value.length);
    bytes.set(value, at + 4);
    at += 4 + value.length;
  }
  return bytes;
}

/** Undefined if these are not the bytes of a frame. */
export function decodeFrame(bytes: Uint8Array): JournalFrame | undefined {
  if (bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Uint8Array[] = [];
  let at = headerBytes;
  for (let left = view.getUint32(8); left > 0; left--) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + view.getUint32(at);
    values.push(bytes.slice(at + 4, end));
    at = end;
  }
  return at === bytes.length ? { first: view.getFloat64(0), values } : undefined;
}

/** How many values from `from` on go into the next frame: at least one. */
export function frameLength(values: readonly Uint8Array[], from: number): number {
  let bytes = 0;
  let to = from;
  while (to < values.length && (to === from || bytes + 4 + values[to]!.length <= frameBytesMax))
    bytes += 4 + values[to++]!.length;
  return to - from;
}
