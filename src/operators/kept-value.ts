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
  /** @throws WeirError `E_VALUE` if the field cannot hold the value */
  of(value: unknown): unknown;
  back(kept: unknown): unknown;
  /** As `of`, for a value that was written before, at a time that is known or not. */
  taken(value: unknown, writtenAt: number | undefined): unknown;
  /** Its time to live is over: it is to be neither seen nor kept. */
  isOver(kept: unknown): boolean;
  write(out: ByteWriter, kept: unknown): void;
  read(from: ByteReader): unknown;
}

/** How long values count, ms, and the clock by which they do. */
export interface Lifetime {
  readonly ttlMs: number;
  now(): number;
}

const plainKinds: ReadonlySet<string> = new Set(['float64', 'int64', 'timestamp', 'bool', 'string']);

export function keptValue(field: FieldType, lifetime?: Lifetime): KeptValue {
  const lasting = plainKinds.has(field.type.kind) ? plain(field) : encoded(field);
  return lifetime === undefined ? lasting : mortal(lasting, lifetime);
}

const never = (): boolean => false;

function plain(field: FieldType): KeptValue {
  const codec = fieldCodec(field);
  const scratch = new ByteWriter();
  return {
    id: idOf(field),
    of(value) {
      scratch.reset();
      codec.write(scratch, value);
      return value ?? null;
    },
    back: (kept) => kept,
    taken(value) {
      return this.of(value);
    },
    isOver: never,
    write: (out, kept) => codec.write(out, kept),
    read: (from) => codec.read(from),
  };
}

function encoded(field: FieldType): KeptValue {
  const codec = fieldCodec(field);
  const scratch = new ByteWriter();
  return {
    id: idOf(field),
    of(value) {
      scratch.reset();
      codec.write(scratch, value);
      return scratch.finish();
    },
    back: (kept) => codec.read(new ByteReader(kept as Uint8Array)),
    taken(value) {
      return this.of(value);
    },
    isOver: never,
    write: (out, kept) => out.bytes(kept as Uint8Array),
    read: (from) => from.bytes(),
  };
}

const idOf = ({ type, nullable }: FieldType): string => `${type.kind}${nullable ? '?' : ''}`;

interface Mortal {
  readonly writtenAt: number;
  readonly kept: unknown;
}

function mortal(inner: KeptValue, { ttlMs, now }: Lifetime): KeptValue {
  return {
    id: `${inner.id} with its time`,
    of: (value): Mortal => ({ writtenAt: now(), kept: inner.of(value) }),
    back: (kept) => inner.back((kept as Mortal).kept),
    taken: (value, writtenAt = now()): Mortal => ({ writtenAt, kept: inner.of(value) }),
    isOver: (kept) => now() - (kept as Mortal).writtenAt >= ttlMs,
    write(out, kept) {
      out.f64((kept as Mortal).writtenAt);
      inner.write(out, (kept as Mortal).kept);
    },
    read: (from): Mortal => ({ writtenAt: from.f64(), kept: inner.read(from) }),
  };
}
