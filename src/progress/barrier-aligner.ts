/**
 * Aligns barriers over the inputs of a subtask (Carbone et al., 2015): an input that has its barrier waits for the others.
 *
 * Owns: which inputs are held back, and when an epoch is aligned. Pure: `(state, fact) → state and decisions`.
 *
 * | fact                                   | decision                                              |
 * |----------------------------------------|-------------------------------------------------------|
 * | barrier ≤ the last settled epoch       | none: it was aborted, aligned or overtaken             |
 * | barrier of the epoch being aligned     | block the input; aligned when it was the last          |
 * | higher barrier                         | give up the lower epoch, unblock its inputs, begin anew |
 * | lower barrier, not settled             | none: the higher one implies its abort                 |
 * | end of an input                        | it counts as every later barrier                       |
 * | abort of epoch e                       | settle e; unblock if e or less was being aligned       |
 *
 * Invariants: A1 an epoch is aligned at most once, and epochs align in rising order; A2 no input is blocked while no
 * epoch is being aligned; A3 an epoch aligns only after its barrier came from every input that has not ended.
 */
import { type Epoch, invariant } from '../core/index.ts';
import type { Barrier } from './barrier.ts';

export interface AlignerState {
  readonly inputs: number;
  /** Epochs up to this one are over: aligned, aborted or overtaken. */
  readonly settled: number;
  readonly aligning: { readonly barrier: Barrier; readonly arrived: ReadonlySet<number> } | null;
  readonly ended: ReadonlySet<number>;
}

export type AlignerFact =
  | { readonly kind: 'barrier'; readonly input: number; readonly barrier: Barrier }
  | { readonly kind: 'end'; readonly input: number }
  | { readonly kind: 'abort'; readonly epoch: Epoch };

export type AlignerDecision =
  | { readonly kind: 'block'; readonly input: number }
  | { readonly kind: 'unblock'; readonly inputs: readonly number[] }
  | { readonly kind: 'aligned'; readonly barrier: Barrier };

export interface Alignment {
  readonly state: AlignerState;
  readonly decisions: readonly AlignerDecision[];
}

export function newAligner(inputs: number): AlignerState {
  return { inputs, settled: 0, aligning: null, ended: new Set() };
}

export function align(state: AlignerState, fact: AlignerFact): Alignment {
  switch (fact.kind) {
    case 'barrier':
      return onBarrier(state, fact.input, fact.barrier);
    case 'end':
      return completed({ ...state, ended: new Set(state.ended).add(fact.input) }, []);
    case 'abort':
      return onAbort(state, fact.epoch);
  }
}

function onBarrier(state: AlignerState, input: number, barrier: Barrier): Alignment {
  invariant(!state.ended.has(input), `A3: input ${input} sent barrier ${barrier.epoch} after its end`);
  const current = state.aligning;
  if (barrier.epoch <= state.settled || (current !== null && barrier.epoch < current.barrier.epoch)) {
    return { state, decisions: [] };
  }
  const decisions: AlignerDecision[] = [];
  let arrived: ReadonlySet<number> = new Set();
  let settled = state.settled;
  if (current !== null && current.barrier.epoch < barrier.epoch) {
    decisions.push({ kind: 'unblock', inputs: [...current.arrived] });
    settled = current.barrier.epoch;
  } else if (current !== null) {
    arrived = current.arrived;
  }
  decisions.push({ kind: 'block', input });
  return completed({ ...state, settled, aligning: { barrier, arrived: new Set(arrived).add(input) } }, decisions);
}

function onAbort(state: AlignerState, epoch: Epoch): Alignment {
  const settled = Math.max(state.settled, epoch);
  if (state.aligning === null || state.aligning.barrier.epoch > epoch) return { state: { ...state, settled }, decisions: [] };
  const inputs = [...state.aligning.arrived];
  return { state: { ...state, settled, aligning: null }, decisions: [{ kind: 'unblock', inputs }] };
}

function completed(state: AlignerState, decisions: readonly AlignerDecision[]): Alignment {
  const { aligning } = state;
  if (aligning === null) return { state, decisions };
  for (let input = 0; input < state.inputs; input++) {
    if (!aligning.arrived.has(input) && !state.ended.has(input)) return { state, decisions };
  }
  return {
    state: { ...state, settled: aligning.barrier.epoch, aligning: null },
    decisions: [...decisions, { kind: 'aligned', barrier: aligning.barrier }, { kind: 'unblock', inputs: [...aligning.arrived] }],
  };
}
