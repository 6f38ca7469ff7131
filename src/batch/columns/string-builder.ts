/**
 * Builds columns of strings: of JavaScript strings that are given, or of texts that lie in an arena (text-arena.ts).
 *
 * Owns: which of the two it is. Texts are in the arena from the first that a reader puts there; strings that are given then go there
 * too. One with a lone surrogate cannot: then all become strings, until the batch is built.
 */
import { isAscii } from 'node:buffer';
import { WeirError } from '../../core/index.ts';
import type { Column, ColumnBuilder } from '../column.ts';
import type { DataType } from '../schema.ts';
import type { TextArena } from '../text-arena.ts';
import { isWellFormed } from '../text.ts';
import { describeValue, valueError } from '../value-error.ts';
import { EncodedStringColumn } from './encoded-string.ts';
import { grow, handOver, keptMax } from './growth.ts';
import { NullsBuilder } from './nulls.ts';
import { StringColumn } from './string.ts';

type StringType = Extract<DataType, { kind: 'string' }>;

export class StringBuilder implements ColumnBuilder {
  private count = 0;
  /** Of all texts, or bytes of them. */
  characters = 0;
  /** Strings; not used while `ranged`. */
  private values: (string | null)[] = [];
  private ranged = false;
  /** Texts in the arena. */
  private starts = new Uint32Array(0);
  private ends = new Uint32Array(0);
  private readonly nulls = new NullsBuilder();
  private readonly type: StringType;
  private readonly allowed: ReadonlySet<string> | null;
  private readonly nullable: boolean;
  private readonly where: string;
  private readonly arena: TextArena | undefined;

  constructor(type: StringType, nullable: boolean, where: string, arena?: TextArena) {
    this.type = type;
    this.allowed = type.values === undefined ? null : new Set(type.values);
    this.nullable = nullable;
    this.where = where;
    this.arena = arena;
  }
  get length(): number {
    return this.count;
  }
  get byteSize(): number {
    return this.characters + this.count * 4;
  }
  append(value: unknown): void {
    if (typeof value === 'string') {
      if (this.allowed !== null && !this.allowed.has(value)) throw this.notAllowed(value);
      this.push(value);
    } else if (this.nullable && (value === null || value === undefined)) {
      this.appendNull();
    } else {
      throw valueError(this.where, 'a string', value);
    }
  }
  /** A value that is known to fit. */
  push(value: string): void {
    if (this.ranged && !this.pushInto(this.arena!, value)) this.becomeStrings(this.arena!);
    if (this.ranged) return;
    this.characters += value.length;
    this.values[this.count++] = value;
  }
  appendNull(): void {
    if (!this.ranged) {
      this.values[this.count++] = null;
      return;
    }
    this.nulls.set(this.count);
    this.pushRange(0, 0);
  }
  truncate(length: number): void {
    if (this.ranged) this.nulls.truncate(length);
    while (this.count > length) {
      const row = --this.count;
      this.characters -= this.ranged ? this.ends[row]! - this.starts[row]! : (this.values[row]?.length ?? 0);
    }
  }
  build(): Column {
    const column = this.ranged ? this.buildRanges(this.arena!.built()) : this.buildStrings();
    this.count = 0;
    this.characters = 0;
    this.ranged = false;
    return column;
  }

  // For whoever puts texts into the arena himself.

  /** From here on `pushRange` may be called; false: in this batch it may not. */
  takesRanges(): boolean {
    return this.ranged || (this.arena !== undefined && this.becomeRanges(this.arena));
  }
  /** A text that is known to fit, or will once the arena has it. */
  pushRange(start: number, end: number): void {
    const row = this.count++;
    if (row === this.ends.length) {
      this.starts = grow(this.starts, Math.max(64, row + 1));
      this.ends = grow(this.ends, Math.max(64, row + 1));
    }
    this.starts[row] = start;
    this.ends[row] = end;
    this.characters += end - start;
  }
  /** Has the arena take the texts of the rows from `first` on, end to end, which were said to lie `shift` behind where they are. Room was made. */
  gather(first: number, view: DataView, shift: number): void {
    const { starts, ends, count } = this;
    const arena = this.arena!;
    for (let row = first; row < count; row++) {
      const start = starts[row]!;
      const end = ends[row]!;
      starts[row] = arena.length;
      if (start < end) arena.addShort(view, start - shift, end - shift);
      ends[row] = arena.length;
    }
  }
  /** Changes the text of a row in its place; it becomes no longer. */
  rewrite(row: number, change: (start: number, end: number) => number): void {
    const end = change(this.starts[row]!, this.ends[row]!);
    this.characters -= this.ends[row]! - end;
    this.ends[row] = end;
  }

  private pushInto(arena: TextArena, value: string): boolean {
    if (!isWellFormed(value)) return false;
    const start = arena.length;
    arena.addText(value);
    this.pushRange(start, arena.length);
    return true;
  }
  private becomeRanges(arena: TextArena): boolean {
    const { values, count } = this;
    for (let i = 0; i < count; i++) if (values[i] !== null && !isWellFormed(values[i]!)) return false;
    this.ranged = true;
    this.truncateAll();
    for (let i = 0; i < count; i++) {
      if (values[i] === null) this.appendNull();
      else this.pushInto(arena, values[i]!);
    }
    return true;
  }
  private becomeStrings(arena: TextArena): void {
    const { count, starts, ends } = this;
    const nulls = this.nulls.build(count);
    const column = new EncodedStringColumn(
      this.type,
      arena.bytes,
      starts.subarray(0, count),
      ends.subarray(0, count),
      nulls,
      'utf8',
    );
    this.ranged = false;
    this.truncateAll();
    for (let i = 0; i < count; i++) {
      const value = column.get(i);
      if (value === null) this.appendNull();
      else this.push(value);
    }
  }
  private truncateAll(): void {
    this.count = 0;
    this.characters = 0;
  }
  private buildRanges(text: Uint8Array): EncodedStringColumn {
    const { count } = this;
    const [starts, ends] = [handOver(this.starts, count), handOver(this.ends, count)];
    this.starts = starts.next;
    this.ends = ends.next;
    const encoding = isAscii(text) ? 'latin1' : 'utf8';
    return new EncodedStringColumn(this.type, text, starts.built, ends.built, this.nulls.build(count), encoding, this.characters);
  }
  private buildStrings(): StringColumn {
    const { values, count } = this;
    values.length = count;
    // The next batch is mostly of the same length: an array that grows is copied again and again.
    this.values = new Array<string | null>(Math.min(count, keptMax));
    return new StringColumn(this.type, values, this.characters);
  }
  private notAllowed(value: string): WeirError {
    const names = this.type
      .values!.slice(0, 10)
      .map((name) => JSON.stringify(name))
      .join(', ');
    return new WeirError(
      'E_VALUE',
      `${this.where}: ${describeValue(value)} is none of its values: ${names}${this.type.values!.length > 10 ? ', …' : ''}`,
    );
  }
}
