/**
 * A chunk: an immutable piece of one operator's snapshot, at most `chunkBytesMax`, readable without anything else.
 *
 * Layout: magic, format version, operator, key-hash version, number of key groups, tables with their codec ids, sections
 * (group, table, length, count), the sections' records, and a checksum over all of it.
 * Owns: the layout, both ways. Does not own: what a record is (state-record.ts).
 * Invariants: S18 a chunk that `readChunk` accepts is what `ChunkBuilder` made.
 */
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter, keyHashVersion } from '../batch/index.ts';
import { invariant, WeirError } from '../core/index.ts';
import { recordKind, RecordReader, type StateRecord, writeHead, writeRecord } from './state-record.ts';

/** A single record that is longer makes a longer chunk. */
export const chunkBytesMax: number = 1024 * 1024;
const magic = 0x6b637377;
const formatVersion = 1;
const sectionHeaderBytes = 24;

export interface TableId {
  readonly name: string;
  readonly codecId: string;
}
export interface Section {
  readonly group: number;
  readonly table: TableId;
  readonly count: number;
  read(): RecordReader;
}
export interface Chunk {
  readonly operator: string;
  readonly keyHashVersion: number;
  readonly keyGroups: number;
  readonly tables: readonly TableId[];
  /** Ascending by group. */
  readonly sections: readonly Section[];
}

interface OpenSection {
  readonly group: number;
  readonly table: TableId;
  readonly start: number;
  count: number;
}

/** Collects records into chunks: `at` says where the next records belong, `add` hands out each chunk that is full. */
export class ChunkBuilder {
  readonly #operator: string;
  readonly #keyGroups: number;
  readonly #body = new ByteWriter();
  readonly #tables = new Map<TableId, number>();
  #sections: OpenSection[] = [];
  #group = 0;
  #table: TableId | null = null;
  #namespace = Number.NaN;

  constructor(operator: string, keyGroups: number) {
    this.#operator = operator;
    this.#keyGroups = keyGroups;
  }

  at(group: number, table: TableId): void {
    this.#group = group;
    this.#table = table;
  }

  /** The chunk before this record, if the record no longer fits into it. */
  add(record: StateRecord): Uint8Array | null {
    const full = this.#fits(record.value.length + record.key.length * 3) ? null : this.finish();
    const section = this.#section();
    writeRecord(this.#body, this.#namespace, record);
    this.#namespace = record.namespace;
    section.count++;
    return full;
  }

  /** The same of a value that is put. */
  addValue(namespace: number, key: string, value: ByteWriter): Uint8Array | null {
    const full = this.#fits(value.length + key.length * 3) ? null : this.finish();
    const section = this.#section();
    writeHead(this.#body, this.#namespace, recordKind.put, namespace);
    this.#body.string(key);
    this.#body.written(value);
    this.#namespace = namespace;
    section.count++;
    return full;
  }

  /** The same of a record whose key and value are these bytes already. */
  addBytes(kind: number, namespace: number, bytes: Uint8Array, from: number, to: number): Uint8Array | null {
    const full = this.#fits(to - from) ? null : this.finish();
    const section = this.#section();
    writeHead(this.#body, this.#namespace, kind, namespace);
    this.#body.copy(bytes, from, to);
    this.#namespace = namespace;
    section.count++;
    return full;
  }

  /** What has been added since the last chunk, or null if that is nothing. */
  finish(): Uint8Array | null {
    if (this.#sections.length === 0) return null;
    const body = this.#body.peek();
    const head = this.#header();
    head.varint(body.length);
    // Chunks are large, and many in a checkpoint: one is copied once.
    const chunk = new Uint8Array(head.length + body.length + 4);
    chunk.set(head.peek());
    chunk.set(body, head.length);
    const end = chunk.length - 4;
    new DataView(chunk.buffer).setUint32(end, crc32(chunk.subarray(0, end)), true);
    this.#body.reset();
    this.#tables.clear();
    this.#sections = [];
    return chunk;
  }

  #fits(recordBytes: number): boolean {
    if (this.#sections.length === 0) return true;
    const overhead = 1024 + this.#sections.length * sectionHeaderBytes + this.#tables.size * 512;
    return overhead + this.#body.length + 32 + recordBytes <= chunkBytesMax;
  }

  #section(): OpenSection {
    const last = this.#sections.at(-1);
    const table = this.#table;
    invariant(table !== null, 'S18: a record belongs to a table');
    if (last !== undefined && last.group === this.#group && last.table === table) return last;
    invariant(last === undefined || this.#group >= last.group, 'S18: sections rise by group');
    if (!this.#tables.has(table)) this.#tables.set(table, this.#tables.size);
    const opened: OpenSection = { group: this.#group, table, start: this.#body.length, count: 0 };
    this.#sections.push(opened);
    this.#namespace = Number.NaN;
    return opened;
  }

  #header(): ByteWriter {
    const out = new ByteWriter();
    out.u32(magic);
    out.varint(formatVersion);
    out.string(this.#operator);
    out.varint(keyHashVersion);
    out.varint(this.#keyGroups);
    out.varint(this.#tables.size);
    for (const table of this.#tables.keys()) {
      out.string(table.name);
      out.string(table.codecId);
    }
    out.varint(this.#sections.length);
    this.#sections.forEach((section, i) => {
      out.varint(section.group);
      out.varint(this.#tables.get(section.table)!);
      out.varint((this.#sections[i + 1]?.start ?? this.#body.length) - section.start);
      out.varint(section.count);
    });
    return out;
  }
}

/** The checksum that a chunk ends with: of all bytes before it. */
export function chunkCrc(bytes: Uint8Array): number {
  return bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(bytes.length - 4, true);
}

/**
 * @param where the chunk's id, for the message
 * @param isSound it is known to be whole: its checksum is not made again
 * @throws WeirError `E_STATE_DAMAGED`, or `E_STATE_INCOMPATIBLE` for another format version
 */
export function readChunk(bytes: Uint8Array, where: string, isSound: boolean = false): Chunk {
  if (bytes.length < 8 || (!isSound && crc32(bytes.subarray(0, bytes.length - 4)) !== chunkCrc(bytes)))
    throw damaged(where, 'its checksum is wrong');
  const head = new ByteReader(bytes, 0, bytes.length - 4);
  if (head.u32() !== magic) throw damaged(where, 'it is not a chunk of state');
  const version = head.varint();
  if (version !== formatVersion)
    throw new WeirError('E_STATE_INCOMPATIBLE', `chunk ${where}: its format was ${version}, is ${formatVersion}`);
  const operator = head.string();
  const hashVersion = head.varint();
  const keyGroups = head.varint();
  const tables = list(head, () => ({ name: head.string(), codecId: head.string() }));
  const lengths = list(head, () => ({ group: head.varint(), table: head.varint(), length: head.varint(), count: head.varint() }));
  const bodyLength = head.varint();
  if (bodyLength !== head.remaining) throw damaged(where, 'its body has another length');
  let at = bytes.length - 4 - bodyLength;
  const sections = lengths.map(({ group, table, length, count }): Section => {
    const from = at;
    at += length;
    const id = tables[table];
    if (id === undefined || at > bytes.length - 4) throw damaged(where, 'a section lies outside of it');
    return { group, table: id, count, read: () => new RecordReader(bytes, from, from + length) };
  });
  return { operator, keyHashVersion: hashVersion, keyGroups, tables, sections };
}

function list<T>(head: ByteReader, read: () => T): T[] {
  const count = head.varint();
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
}

function damaged(where: string, what: string): WeirError {
  return new WeirError('E_STATE_DAMAGED', `chunk ${where}: ${what}`);
}
