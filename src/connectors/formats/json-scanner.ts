/**
 * Records of JSON straight into columns.
 *
 * Owns: the speculation that lines look like some that were seen: for these there is code (json-read/line-code.ts). All others are read
 * value by value (json-read/any-order.ts), and whatever is unusual is left to `JSON.parse`. So what is taken is exactly what that would
 * have given.
 * Invariants: FS1 a record that is taken gives the row that `decode` gives, of the columns that are wanted; one that `decode` refuses
 * is never taken, whichever columns and rows are wanted; FS2 of a record that is not taken nothing is appended; FS3 a record that is taken
 * and gives no row does not meet the conditions.
 */
import { Buffer } from 'node:buffer';
import type { ReadField } from '../../api/index.ts';
import type { BatchBuilder, SchemaField } from '../../batch/index.ts';
import { canCompile } from '../../core/index.ts';
import type { RowFilter } from '../../plan/index.ts';
import { AnyOrder } from './json-read/any-order.ts';
import { type LeafFilter, leafFilters, mayMeet } from './json-read/conditions.ts';
import { type LineCode, lineCode, type Run } from './json-read/line-code.ts';
import { type ReadPlan, readPlan } from './json-read/read-plan.ts';
import { RowTarget } from './json-read/row-target.ts';
import { shapeOf } from './json-read/shape.ts';
import { behindBlanks, JsonValues } from './json-read/values.ts';
import { type LineWindow, lineWindow } from './json-read/window.ts';
import type { LineScanner } from './line-scanner.ts';

/** Shapes that are known at a time. */
const shapesMax = 8;
/** Of lines without a shape, one in so many is learned from: more and more seldom. */
const learnEveryMax = 4096;
const lineFeed = Buffer.of(10);

/** What is read: fields of the schema, those that are wanted, and conditions that rows must meet to be needed (none). */
export interface WantedRows {
  readonly fields: readonly ReadField[];
  readonly wanted: readonly SchemaField[];
  readonly conditions?: readonly RowFilter[];
}

/** What there is to read with. */
export interface ReadingMeans {
  /** Code is made of shapes. */
  readonly compiles?: boolean;
  /** Where that code reads lines; null: where they are, a byte at a time. */
  readonly window?: LineWindow | null;
}

export class JsonScanner implements LineScanner {
  readonly #plan: ReadPlan;
  readonly #values: JsonValues;
  readonly #target: RowTarget;
  readonly #anyOrder: AnyOrder;
  readonly #run: Run = { lines: 0, rows: 0, before: 0, kept: new Int32Array(0) };
  readonly #conditions: readonly LeafFilter[];
  readonly #shapes: LineCode[] = [];
  readonly #learns: boolean;
  /** Where lines are read if there is room; else where they are. */
  readonly #window: LineWindow | null;
  /** The shape of the last line. */
  #current = 0;
  #learned = 0;
  #untilLearning = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #viewed: Uint8Array | null = null;

  /** How many lines were taken by the last call. */
  lines = 0;

  /**
   * @param rows built of the fields that are wanted
   * @param means how it is read: not what comes of it
   */
  constructor(
    { fields, wanted, conditions = [] }: WantedRows,
    rows: BatchBuilder,
    { compiles = canCompile(), window = lineWindow() }: ReadingMeans = {},
  ) {
    this.#plan = readPlan(fields, wanted);
    this.#conditions = leafFilters(this.#plan, conditions);
    this.#values = new JsonValues(this.#plan.leaves);
    this.#target = new RowTarget(this.#plan, this.#values, rows);
    this.#anyOrder = new AnyOrder(this.#plan, this.#values);
    this.#learns = compiles;
    this.#window = compiles ? window : null;
  }

  get kept(): Int32Array | null {
    return this.#conditions.length === 0 ? null : this.#run.kept;
  }

  read(bytes: Uint8Array, from: number, to: number, most: number): number {
    const { rows, hasTexts } = this.#target;
    this.lines = 0;
    if (from >= to || !this.#target.ready()) return from;
    this.#begin(most);
    const begin = rows.texts.length - from;
    let at = from;
    while (this.lines < most && at < to) {
      const next = this.#readSome(bytes, at, to, most, begin + at);
      if (next === at) break;
      at = next;
    }
    if (hasTexts && this.#run.rows > 0) this.#target.take(bytes, this.#viewOf(bytes), from, at);
    rows.filled(this.#run.rows);
    return at;
  }

  readWhole(record: Uint8Array): boolean {
    const { length } = record;
    if (length === 0 || record.includes(10) || !this.#target.ready()) return false;
    const { rows, hasTexts } = this.#target;
    const { texts } = rows;
    this.lines = 0;
    this.#begin(1);
    if (this.#window?.holdRecord(record) === true) this.#readLines(this.#window.bytes, 0, length + 1, 1, texts.length);
    else this.#readLines(Buffer.concat([record, lineFeed]), 0, length + 1, 1, texts.length);
    if (this.lines === 0) return false;
    if (hasTexts && this.#run.rows > 0) this.#target.take(record, viewOf(record), 0, length);
    rows.filled(this.#run.rows);
    return true;
  }

  #begin(most: number): void {
    const run = this.#run;
    run.rows = 0;
    run.before = 0;
    if (this.#conditions.length > 0 && run.kept.length < most) run.kept = new Int32Array(most);
  }

  /**
   * Some lines, which lie at `textsAt` in the arena once they are in it: as many as the window has room for; of a line that is too long for
   * it, just that one.
   */
  #readSome(bytes: Uint8Array, from: number, to: number, most: number, textsAt: number): number {
    const held = this.#window?.hold(bytes, from, to) ?? 0;
    if (held > 0) return from + this.#readLines(this.#window!.bytes, 0, held, most, textsAt);
    return this.#readLines(bytes, from, to, this.#window === null ? most : this.lines + 1, textsAt);
  }

  #readLines(bytes: Uint8Array, from: number, to: number, most: number, textsAt: number): number {
    const run = this.#run;
    const shift = textsAt - from;
    let at = from;
    while (this.lines < most && at < to) {
      run.before = this.lines;
      at = this.#lines(bytes, at, to, most - this.lines, shift);
      if (run.lines === 0) break;
      this.lines += run.lines;
    }
    return at;
  }

  /** Lines that are alike, as many as there are one after the other; `run` says how many. Where the next begins. */
  #lines(bytes: Uint8Array, from: number, to: number, most: number, shift: number): number {
    const isHeld = bytes === this.#window?.bytes;
    if (this.#window !== null && !isHeld) return this.#anyLine(bytes, from, shift);
    const view = isHeld ? this.#window.view : this.#viewOf(bytes);
    const shapes = this.#shapes;
    for (let i = 0, at = this.#current; i < shapes.length; i++, at = at + 1 === shapes.length ? 0 : at + 1) {
      const next = shapes[at]!(bytes, view, from, to, most, shift);
      if (this.#run.lines === 0) continue;
      this.#current = at;
      return next;
    }
    return this.#anyLine(bytes, from, shift);
  }

  #anyLine(bytes: Uint8Array, from: number, shift: number): number {
    const run = this.#run;
    run.lines = 0;
    const end = this.#anyOrder.read(bytes, from);
    const at = end < 0 ? -1 : behindBlanks(bytes, end);
    if (at < 0 || bytes[at] !== 10) return from;
    if (mayMeet(this.#conditions, this.#values, bytes)) {
      if (this.#conditions.length > 0) run.kept[run.rows] = run.before;
      run.rows++;
      this.#target.append(this.#anyOrder.present, shift);
    }
    run.lines = 1;
    if (this.#learns && --this.#untilLearning < 0) this.#learn(bytes, from);
    return at + 1;
  }

  #learn(line: Uint8Array, from: number): void {
    const shape = shapeOf(line, from, this.#plan.root, this.#values);
    this.#untilLearning = Math.min(learnEveryMax, 2 ** this.#learned);
    if (shape === null) return;
    const context = {
      plan: this.#plan,
      values: this.#values,
      target: this.#target,
      run: this.#run,
      conditions: this.#conditions,
      plainEnd: this.#window?.plainEnd ?? null,
    };
    this.#shapes[this.#learned++ % shapesMax] = lineCode(shape, context);
  }

  #viewOf(bytes: Uint8Array): DataView {
    if (this.#viewed !== bytes) {
      this.#viewed = bytes;
      this.#view = viewOf(bytes);
    }
    return this.#view;
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
