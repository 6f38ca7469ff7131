/**
 * From which checkpoint a job goes on.
 *
 * Owns: the choice among what the commit pointer says and what others have seen. Pure.
 * Invariants: P1 only the pointer makes a checkpoint exist; P2 nothing older than what anybody saw complete is ever
 * restored: that would publish again; P3 the next epoch and generation are above every one seen, aborted ones included.
 */
export interface RestoreFacts {
  /** What the commit pointer names, or null if it was never moved. */
  readonly pointer: SeenCheckpoint | null;
  /** No epoch above this one was ever opened. */
  readonly opened: number;
  /** Epochs that others (sinks, markers of workers) know to be complete. */
  readonly seen: readonly { readonly who: string; readonly epoch: number; readonly generation: number }[];
}
export interface SeenCheckpoint {
  readonly epoch: number;
  readonly generation: number;
  readonly finished: boolean;
}

export type RestoreDecision =
  | { readonly kind: 'fresh'; readonly nextGeneration: number; readonly highestEpoch: number }
  | {
      readonly kind: 'restore' | 'finished';
      readonly epoch: number;
      readonly nextGeneration: number;
      readonly highestEpoch: number;
    }
  | { readonly kind: 'refuse'; readonly reason: string };

export function chooseRestorePoint(facts: RestoreFacts): RestoreDecision {
  const { pointer, seen } = facts;
  const known = pointer?.epoch ?? 0;
  const highestEpoch = Math.max(known, facts.opened);
  const ahead = seen.find((other) => other.epoch > known);
  if (ahead !== undefined) {
    return {
      kind: 'refuse',
      reason: `${ahead.who} knows checkpoint ${ahead.epoch}, but the commit pointer ${known === 0 ? 'is missing' : `says ${known}`}: the state directory was rolled back or belongs to another run`,
    };
  }
  const nextGeneration = 1 + Math.max(pointer?.generation ?? 0, ...seen.map((other) => other.generation));
  if (pointer === null) return { kind: 'fresh', nextGeneration, highestEpoch };
  return { kind: pointer.finished ? 'finished' : 'restore', epoch: pointer.epoch, nextGeneration, highestEpoch };
}
