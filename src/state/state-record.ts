/**
 * One change of keyed state as bytes: put, delete, or drop of a whole namespace.
 *
 * A record is a byte of flags, the namespace where it differs from the record before, the key, and the value as opaque bytes:
 * folding moves values without knowing their codec.
 * Invariants: S17 within a section, drops come first, and a key has at most one record.
 */
import { ByteReader, type ByteWriter } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { ValueCodec } from './value-codec.ts';

export const recordKind = { put: 0, delete: 1, drop: 2 } as const;
const kindBits = 3;
const namespaceFollows = 4;
const namespaceIsInteger = 8;

export interface StateRecord {
  readonly kind: number;
  readonly namespace: number;
  /** '' of a drop. */
  readonly key: string;
  /** Empty unless put. */
  readonly value: Uint8Array;
}

const noBytes = new Uint8Array(0);

/** @param before the namespace of the section's record before, NaN for its first */
export function writeRecord(out: ByteWriter, before: number, record: StateRecord): void {
  writeHead(out, before, record.kind, record.namespace);
  if (record.kind !== recordKind.drop) out.string(record.key);
  if (record.kind === recordKind.put) out.bytes(record.value);
}

/** What stands before the key. */
export function writeHead(out: ByteWriter, before: number, kind: number, namespace: number): void {
  const integer = Number.isSafeInteger(namespace) && !Object.is(namespace, -0);
  const same = Object.is(namespace, before);
  out.u8(kind | (same ? 0 : namespaceFollows) | (integer ? namespaceIsInteger : 0));
  if (!same && integer) out.int(namespace);
  if (!same && !integer) out.f64(namespace);
}

/** Reads a section record by record. A value is decoded in place, copied, or passed over. */
export class RecordReader {
  kind = 0;
  namespace: number = Number.NaN;
  /** After `next`; '' after `skim`. */
  key = '';
  /** What the record lies in. */
  readonly bytes: Uint8Array;
  /** Where its key begins, which is behind its head. */
  from = 0;
  keyEnd = 0;
  readonly #source: ByteReader;
  #valueBytes = 0;

  /** The section lies in [from, to). */
  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#source = new ByteReader(bytes, from, to);
    this.bytes = bytes;
  }

  /** Where the record ends. Before `decode`. */
  get to(): number {
    return this.#source.position + this.#valueBytes;
  }

  /** Where its value begins, if it is put. Before `decode`. */
  get valueFrom(): number {
    return this.#source.position;
  }

  /** Moves to the next record; false at the end. */
  next(): boolean {
    return this.#move(true);
  }

  /** The same without its key as a string. */
  skim(): boolean {
    return this.#move(false);
  }

  #move(readsKey: boolean): boolean {
    const source = this.#source;
    source.skip(this.#valueBytes);
    this.#valueBytes = 0;
    if (source.remaining === 0) return false;
    const flags = source.u8();
    this.kind = flags & kindBits;
    if (this.kind > recordKind.drop)
      throw new WeirError('E_STATE_DAMAGED', `a record of state has the unknown kind ${this.kind}`);
    if ((flags & namespaceFollows) !== 0) this.namespace = (flags & namespaceIsInteger) !== 0 ? source.int() : source.f64();
    this.from = source.position;
    this.key = '';
    if (this.kind !== recordKind.drop) {
      if (readsKey) this.key = source.string();
      else source.skipString();
    }
    this.keyEnd = source.position;
    if (this.kind === recordKind.put) this.#valueBytes = source.varint();
    return true;
  }

  /** The value, decoded. Once per record. */
  decode<V>(codec: ValueCodec<V>): V {
    const after = this.#source.remaining - this.#valueBytes;
    const value = codec.read(this.#source);
    if (this.#source.remaining !== after)
      throw new WeirError('E_STATE_DAMAGED', `a value of state is not what codec ${codec.id} wrote`);
    this.#valueBytes = 0;
    return value;
  }

  /** The record, with a copy of its value's bytes. Before `decode`. */
  record(): StateRecord {
    const at = this.#source.position;
    return { kind: this.kind, namespace: this.namespace, key: this.key, value: this.bytes.slice(at, this.to) };
  }
}

export const tombstone = (namespace: number, key: string): StateRecord => ({
  kind: recordKind.delete,
  namespace,
  key,
  value: noBytes,
});
export const dropped = (namespace: number): StateRecord => ({ kind: recordKind.drop, namespace, key: '', value: noBytes });
