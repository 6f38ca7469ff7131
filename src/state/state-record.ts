/**
 * One change of keyed state as bytes: put, delete, or drop of a whole namespace.
 *
 * A record is a byte of flags, the namespace where it differs from the record before, the key, and the value as opaque bytes:
 * folding moves values without knowing their codec.
 * Invariants: S17 within a section, drops come first, and a key has at most one record.
 */
import { ByteReader, type ByteWriter } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';

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
  const { kind, namespace } = record;
  const integer = Number.isSafeInteger(namespace) && !Object.is(namespace, -0);
  const same = Object.is(namespace, before);
  out.u8(kind | (same ? 0 : namespaceFollows) | (integer ? namespaceIsInteger : 0));
  if (!same && integer) out.int(namespace);
  if (!same && !integer) out.f64(namespace);
  if (kind !== recordKind.drop) out.string(record.key);
  if (kind === recordKind.put) out.bytes(record.value);
}

/** The records of a section that lies in [from, to). */
export function* readRecords(bytes: Uint8Array, from: number, to: number): Generator<StateRecord> {
  const source = new ByteReader(bytes, from, to);
  let namespace = Number.NaN;
  while (source.remaining > 0) {
    const flags = source.u8();
    const kind = flags & kindBits;
    if (kind > recordKind.drop) throw new WeirError('E_STATE_DAMAGED', `a record of state has the unknown kind ${kind}`);
    if ((flags & namespaceFollows) !== 0) namespace = (flags & namespaceIsInteger) !== 0 ? source.int() : source.f64();
    const key = kind === recordKind.drop ? '' : source.string();
    yield { kind, namespace, key, value: kind === recordKind.put ? source.bytes() : noBytes };
  }
}

export const tombstone = (namespace: number, key: string): StateRecord => ({
  kind: recordKind.delete,
  namespace,
  key,
  value: noBytes,
});
export const dropped = (namespace: number): StateRecord => ({ kind: recordKind.drop, namespace, key: '', value: noBytes });
