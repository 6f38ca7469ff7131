/**
 * One value as it lies in keyed state: primitives as they are, all else as bytes, so that what users hold is not what is stored.
 *
 * Owns: the form, its encoding, and how long it counts. With a time to live the moment at which it was written lies beside it rather than
 * the one at which it is over: so a job that is deployed with another time to live keeps its state.
 * Invariants: U3 a value that does not fit its field is refused when it is set.
 */
import { ByteReader, ByteWriter, fieldCodec, type FieldType } from '../batch/index.ts';

export interface KeptValue {
  readonly id: string;
  /** @param before what was kept in its place, if anything @throws WeirError `E_VALUE` if the field cannot hold the value */
  of(value: unknown, before?: unknown): unknown;
  back(kept: unknown): unknown;
  /** As `of`, for a value that was written before, at a time that is known or not. */
  taken(value: unknown, writtenAt: number | undefined): unknown;
  /** Its time to live is over: it is to be neither seen nor kept. */
  isOver(kept: unknown): boolean;
  write(out: ByteWriter, kept: unknown): void;
  read(from: ByteReader): unknown;
}

/** How long values count, ms, and the time by which they do. */
export interface Lifetime {
  readonly ttlMs: number;
  readonly time: 'processing' | 'event';
  now(): number;
  /** The moment of what is written now; in event time that of the row at hand, which may be before or after `now`. */
  moment(): number;
}

const plainKinds: ReadonlySet<string> = new Set(['float64', 'int64', 'timestamp', 'bool', 'string']);

export function keptValue(field: FieldType, lifetime?: Lifetime): KeptValue {
  const lasting = lastingValue(field);
  return lifetime === undefined ? lasting : mortal(lasting, lifetime);
}

function lastingValue(field: FieldType): KeptValue {
  const codec = fieldCodec(field);
  const scratch = new ByteWriter();
  const written = (value: unknown): ByteWriter => {
    scratch.reset();
    codec.write(scratch, value);
    return scratch;
  };
  const isPlain = plainKinds.has(field.type.kind);
  const of = isPlain ? (value: unknown) => (written(value), value ?? null) : (value: unknown) => written(value).finish();
  return {
    id: idOf(field),
    of,
    back: isPlain ? (kept) => kept : (kept) => codec.read(new ByteReader(kept as Uint8Array)),
    taken: of,
    isOver: () => false,
    write: isPlain ? (out, kept) => codec.write(out, kept) : (out, kept) => out.bytes(kept as Uint8Array),
    read: isPlain ? (from) => codec.read(from) : (from) => from.bytes(),
  };
}

const idOf = ({ type, nullable }: FieldType): string => `${type.kind}${nullable ? '?' : ''}`;

interface Mortal {
  readonly writtenAt: number;
  readonly kept: unknown;
}

function mortal(inner: KeptValue, { ttlMs, time, now, moment }: Lifetime): KeptValue {
  // A row that is out of order takes nothing of what a later one has given.
  const written = (before: unknown): number =>
    time === 'event' && before !== undefined ? Math.max(moment(), (before as Mortal).writtenAt) : moment();
  return {
    id: `${inner.id} with its ${time === 'event' ? 'event ' : ''}time`,
    of: (value, before): Mortal => ({ writtenAt: written(before), kept: inner.of(value) }),
    back: (kept) => inner.back((kept as Mortal).kept),
    taken: (value, writtenAt = moment()): Mortal => ({ writtenAt, kept: inner.of(value) }),
    isOver: (kept) => now() - (kept as Mortal).writtenAt >= ttlMs,
    write(out, kept) {
      out.f64((kept as Mortal).writtenAt);
      inner.write(out, (kept as Mortal).kept);
    },
    read: (from): Mortal => ({ writtenAt: from.f64(), kept: inner.read(from) }),
  };
}
