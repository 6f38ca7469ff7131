/**
 * Values as msgpack bytes: the one place that configures msgpackr. Frozen: what it writes is in checkpoints.
 *
 * Objects are maps, each with its names (records would need structures that other processes do not share). The domain of
 * values, and what changes, is in value-domain.ts.
 */
import { Packr } from 'msgpackr';
import { WeirError } from '../core/index.ts';
import { requirePackable } from './value-domain.ts';

const packr = new Packr({ useRecords: false, mapsAsObjects: true, useToJSON: false, copyBuffers: true, int64AsType: 'bigint' });

/**
 * A value as bytes, in memory of its own.
 *
 * @throws WeirError `E_VALUE` for a value outside the domain
 */
export function packValue(value: unknown): Uint8Array {
  return new Uint8Array(packedView(value));
}

/** The same bytes in memory that other values share: to be copied on at once. */
export function packedView(value: unknown): Uint8Array {
  requirePackable(value);
  return packr.pack(value);
}

/**
 * The value of bytes that `packValue` made; shares no memory with them.
 *
 * @throws WeirError `E_STATE_DAMAGED` for other bytes
 */
export function unpackValue(bytes: Uint8Array): unknown {
  try {
    // A plain view: of a Buffer, msgpackr would slice Buffers.
    return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw new WeirError('E_STATE_DAMAGED', 'packed bytes cannot be read', { cause });
  }
}
