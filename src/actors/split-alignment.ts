/** The part of a source's subtask in the alignment of its group: which of its splits wait for others, and what others hear of them. */
import type { PlannedOperator, SourceAlignment } from '../plan/index.ts';
import { AlignedSplits } from '../progress/index.ts';
import type { Operator, SplitEvent } from '../operators/index.ts';

export interface AlignableSplit {
  readonly split: string;
  readonly state: SplitEvent['state'];
  /** It has come to the end of this run. */
  readonly through: boolean;
}

export class SplitAlignment {
  readonly align: SourceAlignment;
  readonly #splits: AlignedSplits;
  readonly #watermarkOf: (split: string) => number;
  readonly #say: (watermark: number) => void;

  constructor(align: SourceAlignment, watermarkOf: (split: string) => number, say: (watermark: number) => void) {
    this.align = align;
    this.#splits = new AlignedSplits(align.maxDriftMs);
    this.#watermarkOf = watermarkOf;
    this.#say = say;
  }

  mayRead(split: string): boolean {
    return this.#splits.mayRead(this.#watermarkOf(split));
  }

  /** True: it is of this group, and more may be read now. */
  hear(group: string, least: number): boolean {
    if (group !== this.align.group) return false;
    this.#splits.hear(least);
    return true;
  }

  /** Says how far its splits are, once what was taken of them has gone through the chain. */
  look(splits: readonly AlignableSplit[]): void {
    let least = Infinity;
    for (const { split, state, through } of splits)
      if (state !== 'idle' && state !== 'ended' && !through) least = Math.min(least, this.#watermarkOf(split));
    const word = this.#splits.say(least);
    if (word !== undefined) this.#say(word);
  }
}

/** Null: the source goes on by itself. */
export function splitAlignment(
  members: readonly { readonly planned: PlannedOperator; readonly operator: Operator }[],
  say: (watermark: number) => void,
): SplitAlignment | null {
  for (const { planned, operator } of members) {
    const { node } = planned;
    if (node.kind === 'watermark' && node.align !== undefined)
      return new SplitAlignment(node.align, (split) => operator.splitWatermark!(split), say);
  }
  return null;
}
