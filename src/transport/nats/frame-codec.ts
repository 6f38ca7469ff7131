/**
 * Frames as NATS messages: a header of 32 bytes, and a payload that starts at a multiple of 8.
 *
 * Owns: the layout. `magic u8×2, version u8, kind u8, flags u8, 0, edge u16, from u16, to u16, generation u32, sequence f64,
 * checksum u32, length u32`, big-endian; the checksum is the CRC-32 of everything but itself, and of data that of the header alone: a batch
 * has one of its own (batch/codec.ts).
 * Invariants: W1 what is decoded was encoded by this version, in one piece, or is damage or garbage; both are told apart:
 * garbage (no header of ours) is somebody else's mistake, damage is ours.
 */
import { crc32 } from 'node:zlib';
import type { ChannelId } from '../channel.ts';

export const headerBytes = 32;
const magic0 = 0x57;
const magic1 = 0x46;
const version = 2;
const checksumAt = 24;

export const frameKinds = ['data', 'control', 'heartbeat', 'grant'] as const;
export type FrameKind = (typeof frameKinds)[number];

export interface WireFrame {
  readonly kind: FrameKind;
  /** The message is a piece; another follows. */
  readonly more: boolean;
  readonly channel: ChannelId;
  readonly generation: number;
  /** Of data and control: rises by one from 1. Of a heartbeat: the last one that was sent; of a grant: the last one that came. */
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export type Decoded =
  | { readonly kind: 'frame'; readonly frame: WireFrame }
  | { readonly kind: 'garbage' }
  /** It is meant for this channel, and is not what was sent. */
  | { readonly kind: 'damaged'; readonly channel: ChannelId; readonly generation: number };

export function encodeFrame(frame: WireFrame): Uint8Array {
  const bytes = new Uint8Array(headerBytes + frame.payload.length);
  bytes.set(frame.payload, headerBytes);
  return headed(bytes, frame);
}

/** The same where the payload lies: the `headerBytes` in front of it are free. */
export function encodeInPlace(frame: WireFrame): Uint8Array {
  const { buffer, byteOffset, length } = frame.payload;
  return headed(new Uint8Array(buffer, byteOffset - headerBytes, headerBytes + length), frame);
}

function headed(bytes: Uint8Array, { kind, more, channel, generation, sequence, payload }: WireFrame): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  bytes[0] = magic0;
  bytes[1] = magic1;
  bytes[2] = version;
  bytes[3] = frameKinds.indexOf(kind);
  bytes[4] = more ? 1 : 0;
  view.setUint16(6, channel.edge);
  view.setUint16(8, channel.from);
  view.setUint16(10, channel.to);
  view.setUint32(12, generation);
  view.setFloat64(16, sequence);
  view.setUint32(28, payload.length);
  view.setUint32(checksumAt, checksum(bytes));
  return bytes;
}

/** The payload is a view of `bytes`. */
export function decodeFrame(bytes: Uint8Array): Decoded {
  if (bytes.length < headerBytes || bytes[0] !== magic0 || bytes[1] !== magic1 || bytes[2] !== version)
    return { kind: 'garbage' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const channel = { edge: view.getUint16(6), from: view.getUint16(8), to: view.getUint16(10) };
  const generation = view.getUint32(12);
  const kind = frameKinds[bytes[3]!];
  const isWhole = view.getUint32(28) === bytes.length - headerBytes && view.getUint32(checksumAt) === checksum(bytes);
  if (kind === undefined || !isWhole) return { kind: 'damaged', channel, generation };
  const payload = bytes.subarray(headerBytes);
  return { kind: 'frame', frame: { kind, more: bytes[4] === 1, channel, generation, sequence: view.getFloat64(16), payload } };
}

function checksum(bytes: Uint8Array): number {
  const end = frameKinds[bytes[3]!] === 'data' ? headerBytes : bytes.length;
  return crc32(bytes.subarray(checksumAt + 4, end), crc32(bytes.subarray(0, checksumAt)));
}
