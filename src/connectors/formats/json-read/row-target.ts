/**
 * Where the values of a record go: the builders of the columns that are wanted.
 *
 * Owns: putting a record that was read value by value into its columns, which bytes the arena takes, and escapes of texts once they lie there.
 */
import {
  type BatchBuilder,
  type BoolBuilder,
  type ColumnBuilder,
  type Float64Builder,
  type Int64Builder,
  StringBuilder,
  type StructBuilder,
} from '../../../batch/index.ts';
import { type Group, type Leaf, leafKind, type Part, type ReadPlan } from './read-plan.ts';
import { unescapeInPlace } from './strings.ts';
import type { JsonValues } from './values.ts';

/** Texts are taken one by one where they are no more than this part of what was read: one, then, costs more than its bytes in a row do. */
const gatheredMax = 2;

export class RowTarget {
  readonly rows: BatchBuilder;
  /** By leaf and by group; null for what nobody wants. */
  readonly leaves: readonly (ColumnBuilder | null)[];
  readonly groups: readonly (StructBuilder | null)[];
  readonly hasTexts: boolean;
  readonly #texts: readonly StringBuilder[];
  /** By builder of texts: how many rows it had, and how many characters, before those that are read now. */
  readonly #rowsBefore: number[] = [];
  #charactersBefore = 0;
  readonly #values: JsonValues;
  readonly #root: Group;
  /** Texts with escapes: the builder, and the row of each. */
  readonly #escapedIn: StringBuilder[] = [];
  readonly #escapedAt: number[] = [];

  constructor({ root, leaves, groups }: ReadPlan, values: JsonValues, rows: BatchBuilder) {
    const ofLeaves: (ColumnBuilder | null)[] = leaves.map(() => null);
    const ofGroups: (StructBuilder | null)[] = groups.map(() => null);
    const assign = (parts: readonly Part[], builders: readonly ColumnBuilder[]): void => {
      const wanted = parts.filter((part) => part.wanted);
      for (const [i, part] of wanted.entries()) {
        const builder = builders[i]!;
        if (part.is === 'leaf') ofLeaves[part.id] = builder;
        else {
          ofGroups[part.id] = builder as StructBuilder;
          assign(part.parts, (builder as StructBuilder).children);
        }
      }
    };
    assign(root.parts, rows.builders);
    this.rows = rows;
    this.leaves = ofLeaves;
    this.groups = ofGroups;
    this.#texts = ofLeaves.filter((builder) => builder instanceof StringBuilder);
    this.hasTexts = this.#texts.length > 0;
    this.#values = values;
    this.#root = root;
  }

  /** Records are read from here on. False: texts of this batch cannot be bytes, so it takes none from here. */
  ready(): boolean {
    let ready = true;
    for (const texts of this.#texts) ready = texts.takesRanges() && ready;
    for (const [i, { length }] of this.#texts.entries()) this.#rowsBefore[i] = length;
    this.#charactersBefore = this.#characters;
    return ready;
  }

  /**
   * Records were read from the bytes in [from, to): the arena takes all of them, or, where they are little of it, the texts that are wanted. Texts
   * were said to lie in it as if all were taken.
   */
  take(bytes: Uint8Array, view: DataView, from: number, to: number): void {
    const { texts } = this.rows;
    const characters = this.#characters - this.#charactersBefore;
    if (characters * gatheredMax > to - from) texts.add(bytes, from, to);
    else {
      const shift = texts.length - from;
      texts.reserve(characters);
      for (const [i, builder] of this.#texts.entries()) builder.gather(this.#rowsBefore[i]!, view, shift);
    }
    this.#unescape();
  }

  get #characters(): number {
    let sum = 0;
    for (const { characters } of this.#texts) sum += characters;
    return sum;
  }

  /** Appends the record that `values` holds. Its texts will lie `shift` behind where they were read. */
  append(present: Uint8Array, shift: number): void {
    this.#appendParts(this.#root.parts, present, shift);
  }

  /** The text that was appended last has escapes. */
  readonly markEscaped = (builder: StringBuilder): void => {
    this.#escapedIn.push(builder);
    this.#escapedAt.push(builder.length - 1);
  };

  /** The arena has the bytes of all texts. */
  #unescape(): void {
    if (this.#escapedIn.length === 0) return;
    const { bytes } = this.rows.texts;
    const change = (start: number, end: number): number => unescapeInPlace(bytes, start, end);
    for (const [i, builder] of this.#escapedIn.entries()) builder.rewrite(this.#escapedAt[i]!, change);
    this.#escapedIn.length = 0;
    this.#escapedAt.length = 0;
  }

  #appendParts(parts: readonly Part[], present: Uint8Array, shift: number): void {
    for (const part of parts) {
      if (!part.wanted) continue;
      if (part.is === 'leaf') {
        this.#appendLeaf(part, shift);
        continue;
      }
      const builder = this.groups[part.id]!;
      if (present[part.id] === 0) {
        builder.appendNull();
      } else {
        this.#appendParts(part.parts, present, shift);
        builder.push();
      }
    }
  }

  #appendLeaf({ id, kind }: Leaf, shift: number): void {
    const { numbers, starts, ends, nulls, escaped, parsed } = this.#values;
    const builder = this.leaves[id]!;
    if (nulls[id] === 1) return builder.appendNull();
    switch (kind) {
      case leafKind.text:
        (builder as StringBuilder).pushRange(starts[id]! + shift, ends[id]! + shift);
        if (escaped[id] === 1) this.markEscaped(builder as StringBuilder);
        return;
      case leafKind.flag:
        return (builder as BoolBuilder).push(numbers[id]!);
      case leafKind.parsed:
        return builder.append(parsed[id]);
      default:
        (builder as Float64Builder | Int64Builder).push(numbers[id]!);
    }
  }
}
