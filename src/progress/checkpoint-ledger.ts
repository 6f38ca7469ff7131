/**
 * Which epoch is open, who has acknowledged it, and when it is complete.
 *
 * Owns: the numbering of epochs and the collection of acknowledgements, of one generation. Pure.
 * Invariants: L1 at most one epoch is open; L2 epochs rise and are never reused, aborted ones included; L3 an epoch is
 * complete only when every participant has acknowledged it; L4 an acknowledgement of another epoch changes nothing.
 */
import { type Epoch, epoch as toEpoch, invariant } from '../core/index.ts';

export interface OpenEpoch<Ack> {
  readonly epoch: Epoch;
  readonly acks: ReadonlyMap<string, Ack>;
}
export interface LedgerState<Ack> {
  readonly participants: readonly string[];
  /** The highest epoch ever opened or seen. */
  readonly highest: number;
  readonly open: OpenEpoch<Ack> | null;
  /** Epochs aborted since the last complete one. */
  readonly abortedInARow: number;
}

/** `highest`: the maximum of every epoch that anybody knows of. */
export function newLedger<Ack>(participants: readonly string[], highest: number): LedgerState<Ack> {
  return { participants, highest, open: null, abortedInARow: 0 };
}

export function openEpoch<Ack>(state: LedgerState<Ack>): LedgerState<Ack> & { readonly open: OpenEpoch<Ack> } {
  invariant(state.open === null, `L1: epoch ${state.open?.epoch} is still open`);
  const epoch = toEpoch(state.highest + 1);
  return { ...state, highest: epoch, open: { epoch, acks: new Map() } };
}

export type AckResult<Ack> =
  | { readonly kind: 'ignored' | 'pending'; readonly state: LedgerState<Ack> }
  | { readonly kind: 'complete'; readonly state: LedgerState<Ack>; readonly acks: ReadonlyMap<string, Ack> };

export function acknowledge<Ack>(state: LedgerState<Ack>, epoch: number, participant: string, ack: Ack): AckResult<Ack> {
  const { open } = state;
  if (open === null || open.epoch !== epoch || !state.participants.includes(participant)) return { kind: 'ignored', state };
  const acks = new Map(open.acks).set(participant, ack);
  if (acks.size < state.participants.length) return { kind: 'pending', state: { ...state, open: { epoch: open.epoch, acks } } };
  return { kind: 'complete', acks, state: { ...state, open: null, abortedInARow: 0 } };
}

/** An abort of another epoch than the open one changes nothing. */
export function abortEpoch<Ack>(state: LedgerState<Ack>, epoch: number): LedgerState<Ack> {
  if (state.open === null || state.open.epoch !== epoch) return state;
  return { ...state, open: null, abortedInARow: state.abortedInARow + 1 };
}
