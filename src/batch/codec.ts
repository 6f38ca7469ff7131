/**
 * A batch as one message: every buffer 8-byte aligned in one ArrayBuffer, so that the receiver's columns are views of it.
 *
 *   0 magic 'WEIR' · 4 version, u32 · 8 CRC-32 of all from 12 on · 12 length of the message, u32 · 16 length of the
 *   metadata, u32 · 20 zero, u32 · 24 metadata, msgpack · buffers, each from a multiple of 8
 *
 * Little-endian. Only selected rows are written: a decoded batch has no selection. Does not own: what a column writes.
 * Invariants: B9 encode and decode are a pair: same schema, rows, stamps, kinds and positions; B10 bytes that are cut,
 * changed or not ours are `E_CHANNEL`, and never anything else.
 */
import { crc32 } from 'node:zlib';
import type { Batch } from './batch.ts';
import { aligned, BufferSink, BufferSource, type ColumnForm, damaged } from './buffers.ts';
import type { Column } from './column.ts';
import { ColumnarBatch } from './columnar-batch.ts';
import { decodeColumn } from './columns/index.ts';
import { packValue, unpackValue } from './packed-value.ts';
import { parseSchema } from './parse-schema.ts';
import type { BatchSchema, DataType } from './schema.ts';
import { decodeSystem, encodeSystem } from './system-codec.ts';

const magic = 0x52494557;
const version = 1;
const headerBytes = 24;

interface Metadata {
  readonly schema: BatchSchema;
  readonly length: number;
  readonly columns: readonly ColumnForm[];
  readonly system: unknown;
  readonly buffers: readonly number[];
}

/**
 * The message of a batch.
 *
 * @param room bytes that are free in front of it, for whoever sends it on (0)
 * @throws WeirError `E_VALUE` if a column of type any holds what cannot be packed
 */
export function encodeBatch(batch: Batch, room: number = 0): Uint8Array {
  const sink = new BufferSink();
  const columns = compacted(batch).map((column) => column.encode(sink));
  const system = encodeSystem(batch, sink);
  const buffers = sink.buffers.map((buffer) => buffer.length);
  const metadata = packValue({ schema: batch.schema, length: batch.length, columns, system, buffers } satisfies Metadata);
  return assemble(metadata, sink.buffers, room);
}

/**
 * The batch of a message. Columns are views of `bytes`, which the caller gives away; they are copied only if they do not
 * start at a multiple of 8.
 *
 * @throws WeirError `E_CHANNEL` if the bytes are damaged, here or when a value is first read
 */
export function decodeBatch(bytes: Uint8Array): Batch {
  const message = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const metadataLength = checkHeader(message);
  try {
    return decodeBody(message, metadataLength);
  } catch (cause) {
    throw damaged('its parts do not fit', cause);
  }
}

function compacted(batch: Batch): readonly Column[] {
  const { selection } = batch;
  return selection === undefined ? batch.columns : batch.columns.map((column) => column.take(selection));
}

function assemble(metadata: Uint8Array, buffers: readonly Uint8Array[], room: number): Uint8Array {
  let length = headerBytes + aligned(metadata.length);
  for (const buffer of buffers) length += aligned(buffer.length);
  const message = new Uint8Array(room + length).subarray(room);
  message.set(metadata, headerBytes);
  let at = headerBytes + aligned(metadata.length);
  for (const buffer of buffers) {
    message.set(buffer, at);
    at += aligned(buffer.length);
  }
  const header = new DataView(message.buffer, room);
  header.setUint32(0, magic, true);
  header.setUint32(4, version, true);
  header.setUint32(12, length, true);
  header.setUint32(16, metadata.length, true);
  header.setUint32(8, crc32(message.subarray(12)), true);
  return message;
}

function checkHeader(message: Uint8Array): number {
  if (message.length < headerBytes) throw damaged(`it has ${message.length} bytes`);
  const header = new DataView(message.buffer, message.byteOffset, headerBytes);
  if (header.getUint32(0, true) !== magic) throw damaged('it does not start as one');
  if (header.getUint32(4, true) !== version) throw damaged(`it has version ${header.getUint32(4, true)}`);
  if (header.getUint32(12, true) !== message.length)
    throw damaged(`it has ${message.length} of ${header.getUint32(12, true)} bytes`);
  if (header.getUint32(8, true) !== crc32(message.subarray(12))) throw damaged('its checksum is wrong');
  return header.getUint32(16, true);
}

function decodeBody(message: Uint8Array, metadataLength: number): Batch {
  if (headerBytes + aligned(metadataLength) > message.length) throw damaged('its metadata is cut');
  const metadata = unpackValue(message.subarray(headerBytes, headerBytes + metadataLength)) as Metadata;
  const { length } = metadata;
  if (!Number.isInteger(length) || length < 0 || length > 0x7fffffff) throw damaged('it has no length');
  const schema = parseSchema(metadata.schema);
  const source = new BufferSource(message, headerBytes + aligned(metadataLength), metadata.buffers);
  const types: readonly DataType[] = schema.kind === 'any' ? [{ kind: 'any' }] : schema.fields.map((field) => field.type);
  const columns = types.map((type, i) => decodeColumn(type, metadata.columns[i]!, length, source));
  return new ColumnarBatch(schema, columns, length, decodeSystem(metadata.system, length, source));
}
