/**
 * System columns on the wire, for the selected rows only: stamps as runs (they change a few times per batch), kinds and
 * records as they are.
 */
import type { Batch, Origin, SystemColumns } from './batch.ts';
import { type BufferSink, type BufferSource, damaged } from './buffers.ts';

interface SystemForm {
  /** Buffers of run values (f64) and run lengths (u32), and how many runs there are. */
  readonly stamps?: readonly [values: number, lengths: number, runs: number];
  readonly advances?: boolean;
  readonly kinds?: number;
  readonly origin?: { readonly split: string; readonly first: number; readonly records?: number };
  readonly emission?: number;
}

export function encodeSystem(batch: Batch, sink: BufferSink): SystemForm {
  const { stamps, kinds, advances, origin, emission } = batch.system;
  return {
    ...(stamps === undefined ? {} : { stamps: encodeStamps(batch, stamps, sink) }),
    ...(advances === undefined ? {} : { advances }),
    ...(kinds === undefined ? {} : { kinds: sink.add(gather(batch, kinds, new Uint8Array(batch.length))) }),
    ...(origin === undefined ? {} : { origin: encodeOrigin(batch, origin, sink) }),
    ...(emission === undefined ? {} : { emission }),
  };
}

export function decodeSystem(form: unknown, length: number, source: BufferSource): SystemColumns {
  const { stamps, kinds, advances, origin, emission } = form as SystemForm;
  return {
    ...(stamps === undefined ? {} : { stamps: decodeStamps(stamps, length, source) }),
    ...(advances === undefined ? {} : { advances: advances === true }),
    ...(kinds === undefined ? {} : { kinds: source.uint8(kinds, length) }),
    ...(origin === undefined ? {} : { origin: decodeOrigin(origin, length, source) }),
    ...(emission === undefined ? {} : { emission: Number(emission) }),
  };
}

function encodeStamps(batch: Batch, stamps: Float64Array, sink: BufferSink): [number, number, number] {
  const values: number[] = [];
  const lengths: number[] = [];
  for (let i = 0; i < batch.length; i++) {
    const stamp = stamps[batch.physical(i)]!;
    if (Object.is(values[values.length - 1], stamp)) lengths[lengths.length - 1]!++;
    else {
      values.push(stamp);
      lengths.push(1);
    }
  }
  return [sink.add(Float64Array.from(values)), sink.add(Uint32Array.from(lengths)), values.length];
}

function decodeStamps(
  [values, lengths, runs]: readonly [number, number, number],
  length: number,
  source: BufferSource,
): Float64Array {
  const runValues = source.float64(values, runs);
  const runLengths = source.uint32(lengths, runs);
  const stamps = new Float64Array(length);
  let at = 0;
  for (let run = 0; run < runs; run++) {
    stamps.fill(runValues[run]!, at, at + runLengths[run]!);
    at += runLengths[run]!;
  }
  if (at !== length) throw damaged('its stamps do not fit');
  return stamps;
}

/** Rows that were left out leave gaps, so what was implied (row i is record i) must be said. */
function encodeOrigin(batch: Batch, origin: Origin, sink: BufferSink): NonNullable<SystemForm['origin']> {
  const { split, first, records } = origin;
  if (records === undefined && batch.selection === undefined) return { split, first };
  const kept = records === undefined ? batch.selection! : gather(batch, records, new Int32Array(batch.length));
  return { split, first, records: sink.add(kept) };
}

function decodeOrigin(form: NonNullable<SystemForm['origin']>, length: number, source: BufferSource): Origin {
  const { split, first, records } = form;
  if (typeof split !== 'string' || !Number.isSafeInteger(first)) throw damaged('it has no origin');
  return records === undefined ? { split, first } : { split, first, records: source.int32(records, length) };
}

function gather<A extends Uint8Array | Int32Array>(batch: Batch, from: A, into: A): A {
  if (batch.selection === undefined) return from;
  for (let i = 0; i < batch.length; i++) into[i] = from[batch.selection[i]!]!;
  return into;
}
