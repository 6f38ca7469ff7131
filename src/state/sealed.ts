/**
 * A value as a store keeps it: checksum, length, payload.
 *
 * LevelDB as it is opened here verifies no checksum of its own, and what others keep for us we do not trust either: a flipped bit
 * would come back as a value. The checksum covers the key too, so that a value that turns up under another key is found as well (S2).
 */
import { crc32 } from 'node:zlib';

const headerBytes = 8;

export function seal(key: string, payload: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(headerBytes + payload.length);
  const view = new DataView(sealed.buffer);
  view.setUint32(0, checksum(key, payload));
  view.setUint32(4, payload.length);
  sealed.set(payload, headerBytes);
  return sealed;
}

/** The payload (a plain view: stores hand out Buffers), or undefined if it is not what was sealed under this key. */
export function unseal(key: string, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < headerBytes) return undefined;
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const payload = new Uint8Array(sealed.buffer, sealed.byteOffset + headerBytes, sealed.length - headerBytes);
  if (view.getUint32(4) !== payload.length) return undefined;
  return view.getUint32(0) === checksum(key, payload) ? payload : undefined;
}

/** Of an empty array that came from another thread `crc32` forgets what it began with. */
const checksum = (key: string, payload: Uint8Array): number => (payload.length === 0 ? crc32(key) : crc32(payload, crc32(key)));
