/**
 * Whose a stream is: what its last message says of how far it was written, and whether this writer may go on from there.
 *
 * Owns: the headers of messages that a sink writes, and the decision. The proof of progress is in the stream itself: every
 * message names its epoch and its place in it, and a fence, the first message of each attempt to write, repeats those of the
 * last before it. So the last message is all that has to be read. Does not own: reading and writing (sink-stream.ts, fenced-writer.ts).
 *
 * Invariants: JF1 a writer of an older generation writes nothing behind a newer one's fence; JF2 an epoch goes on behind its
 * last message that is in the stream, and one that is whole is not written again; JF3 a stream that somebody else wrote to, or
 * that lost what was written, is never taken for one's own.
 */
import { type MsgHdrs } from '@nats-io/transport-node';

/** Who writes. */
export interface WriterIdentity {
  readonly job: string;
  readonly sink: string;
  readonly incarnation: string;
  readonly generation: number;
}
/** A message of an epoch: its place in it, and in the stream. */
export interface Place {
  readonly epoch: number;
  readonly index: number;
  readonly sequence: number;
}
export const nowhere: Place = { epoch: 0, index: -1, sequence: 0 };

/** The last message of a stream. */
export interface Tail {
  readonly subject: string;
  readonly sequence: number;
  /** Undefined if no sink wrote it. */
  readonly writer: WriterIdentity | undefined;
  /** Counts the fences of its generation; 0 where the stream is shared. */
  readonly fence: number;
  /** The last message of an epoch up to here. */
  readonly place: Place;
}

/** What a writer knows without the stream. */
export interface Known {
  /** Its last sequence when nothing of this life of the job was in it. */
  readonly basis: number;
  /** The last message that was known to be written when its epoch was. */
  readonly settled: Place;
  /** The checkpoint that this generation goes on from. */
  readonly restoredEpoch: number;
  /** Go on even where the proof is gone. */
  readonly acceptRisk: boolean;
}

export type Claim =
  /** Write on behind `place`, with this fence first. */
  | { readonly kind: 'ours'; readonly place: Place; readonly fence: number }
  | { readonly kind: 'superseded'; readonly by: number }
  | { readonly kind: 'changed'; readonly why: string };

/**
 * @param tail null if there is no message
 * @param last the stream's last sequence; beyond the tail's if messages were removed
 */
export function claim(tail: Tail | null, last: number, self: WriterIdentity, known: Known): Claim {
  if (tail !== null && tail.writer !== undefined && isOneLife(tail.writer, self)) return goOn(tail, tail.writer, self, known);
  if (known.settled.epoch > 0) return lost(tail, last, known);
  // Whatever was there before is none of our business: another life of the job, or a stream that was in use already.
  if (last <= known.basis || (tail === null && known.acceptRisk)) return { kind: 'ours', place: nowhere, fence: 1 };
  return { kind: 'changed', why: tail === null ? removed(last) : foreign(tail) };
}

const isOneLife = (a: WriterIdentity, b: WriterIdentity): boolean =>
  a.incarnation === b.incarnation && a.job === b.job && a.sink === b.sink;

function goOn({ place, fence }: Tail, writer: WriterIdentity, self: WriterIdentity, known: Known): Claim {
  if (writer.generation > self.generation) return { kind: 'superseded', by: writer.generation };
  if (isBefore(place, known.settled) && !known.acceptRisk)
    return {
      kind: 'changed',
      why: `epoch ${known.settled.epoch} was written up to message ${known.settled.sequence}, and now it ends with epoch ${place.epoch}: it has lost messages`,
    };
  if (writer.generation < self.generation && place.epoch > known.restoredEpoch)
    return {
      kind: 'changed',
      why: `it holds results of epoch ${place.epoch}, and the checkpoint that the job goes on from is of epoch ${known.restoredEpoch}`,
    };
  return { kind: 'ours', place, fence: writer.generation === self.generation ? fence + 1 : 1 };
}

export function isBefore(a: Place, b: Place): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.index < b.index);
}

/** Something of ours was there, and the last message is not ours. */
function lost(tail: Tail | null, last: number, { settled, acceptRisk }: Known): Claim {
  if (tail !== null && tail.sequence > settled.sequence) return { kind: 'changed', why: foreign(tail) };
  if (acceptRisk) return { kind: 'ours', place: settled, fence: 1 };
  return { kind: 'changed', why: last < settled.sequence ? shorter(last, settled) : removed(last) };
}

const removed = (last: number): string => `its last message, ${last}, is gone, and with it the proof of what was written`;
const shorter = (last: number, settled: Place): string =>
  `message ${settled.sequence} was written, and now it ends with message ${last}: it was made anew, or has lost messages`;

function foreign({ subject, sequence, writer }: Tail): string {
  const by = writer === undefined ? 'somebody else' : `sink ${writer.sink} of job ${writer.job}, in another life`;
  return `message ${sequence}, to ${subject}, was written by ${by}`;
}

// ── headers

const names = {
  job: 'Weir-Job',
  sink: 'Weir-Sink',
  incarnation: 'Weir-Incarnation',
  generation: 'Weir-Generation',
  epoch: 'Weir-Epoch',
  index: 'Weir-Index',
  fence: 'Weir-Fence',
  sequence: 'Weir-Sequence',
} as const;

export type HeaderLine = readonly [name: string, value: string];

export function writerLines({ job, sink, incarnation, generation }: WriterIdentity): HeaderLine[] {
  return [
    [names.job, encodeURIComponent(job)],
    [names.sink, encodeURIComponent(sink)],
    [names.incarnation, encodeURIComponent(incarnation)],
    [names.generation, String(generation)],
  ];
}

export function placeLines(epoch: number, index: number): HeaderLine[] {
  return [
    [names.epoch, String(epoch)],
    [names.index, String(index)],
  ];
}

export function fenceLines(fence: number, { epoch, index, sequence }: Place): HeaderLine[] {
  return [[names.fence, String(fence)], ...placeLines(epoch, index), [names.sequence, String(sequence)]];
}

/** The mark of what a writer's fence has made its own: no two attempts to write share it, and so no two messages an id. */
export const fenceMark = ({ incarnation, generation }: WriterIdentity, fence: number): string =>
  `${encodeURIComponent(incarnation)}.${generation}.${fence}`;

/** Is this message no result, but the begin of a writer? */
export const isFence = (headers: MsgHdrs | undefined): boolean => headers?.has(names.fence) === true;

export function tailOf(subject: string, sequence: number, headers: MsgHdrs | undefined): Tail {
  const of = (name: keyof typeof names): string => headers?.get(names[name]) ?? '';
  const number = (name: keyof typeof names): number => Number(of(name) || Number.NaN);
  const [generation, epoch, index] = [number('generation'), number('epoch'), number('index')];
  const mark = /\.(\d+):/.exec(headers?.get('Nats-Msg-Id') ?? '');
  const fence = isFence(headers) ? number('fence') : Number(mark?.[1] ?? 0);
  const own = isFence(headers) ? number('sequence') : sequence;
  const known = [generation, epoch, index, own, fence].every(Number.isSafeInteger);
  if (!known) return { subject, sequence, writer: undefined, fence: 0, place: nowhere };
  const [job, sink, incarnation] = [decoded(of('job')), decoded(of('sink')), decoded(of('incarnation'))];
  return { subject, sequence, writer: { job, sink, incarnation, generation }, fence, place: { epoch, index, sequence: own } };
}

/** What does not decode is no name that a sink wrote. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
