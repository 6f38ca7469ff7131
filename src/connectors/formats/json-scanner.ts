/**
 * Records of JSON straight into columns.
 *
 * Owns: the speculation that lines look like some that were seen: for these there is code (json-read/line-code.ts). All others are read
 * value by value (json-read/any-order.ts), and whatever is unusual is left to `JSON.parse`. So what is taken is exactly what that would
 * have given.
 * Invariants: FS1 a record that is taken gives the row that `decode` gives, of the columns that are wanted; one that `decode` refuses
 * is never taken, whichever columns are wanted; FS2 of a record that is not taken nothing is appended.
 */
import type { ReadField } from '../../api/index.ts';
import type { BatchBuilder, SchemaField } from '../../batch/index.ts';
import { canCompile } from '../../core/index.ts';
import { AnyOrder } from './json-read/any-order.ts';
import { type LineCode, lineCode, type Run } from './json-read/line-code.ts';
import { type ReadPlan, readPlan } from './json-read/read-plan.ts';
import { RowTarget } from './json-read/row-target.ts';
import { shapeOf } from './json-read/shape.ts';
import { behindBlanks, JsonValues } from './json-read/values.ts';
import type { LineScanner } from './line-scanner.ts';

/** Shapes that are known at a time. */
const shapesMax = 8;
/** Of lines without a shape, one in so many is learned from: more and more seldom. */
const learnEveryMax = 4096;

export class JsonScanner implements LineScanner {
  readonly #plan: ReadPlan;
  readonly #values: JsonValues;
  readonly #target: RowTarget;
  readonly #anyOrder: AnyOrder;
  readonly #run: Run = { lines: 0 };
  readonly #shapes: LineCode[] = [];
  readonly #learns: boolean;
  /** The shape of the last line. */
  #current = 0;
  #learned = 0;
  #untilLearning = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #viewed: Uint8Array | null = null;

  /**
   * @param rows built of the fields that are wanted
   * @param compiles code is made of shapes
   */
  constructor(
    fields: readonly ReadField[],
    wanted: readonly SchemaField[],
    rows: BatchBuilder,
    compiles: boolean = canCompile(),
  ) {
    this.#plan = readPlan(fields, wanted);
    this.#values = new JsonValues(this.#plan.leaves);
    this.#target = new RowTarget(this.#plan, this.#values, rows);
    this.#anyOrder = new AnyOrder(this.#plan, this.#values);
    this.#learns = compiles;
  }

  read(bytes: Uint8Array, from: number, to: number, most: number): number {
    const { rows, hasTexts } = this.#target;
    if (from >= to || !this.#target.ready()) return from;
    const shift = rows.texts.length - from;
    let at = from;
    let lines = 0;
    while (lines < most && at < to) {
      at = this.#lines(bytes, at, to, most - lines, shift);
      if (this.#run.lines === 0) break;
      lines += this.#run.lines;
    }
    if (hasTexts) rows.texts.add(bytes, from, at);
    this.#target.unescape();
    rows.filled(lines);
    return at;
  }

  readWhole(record: Uint8Array): boolean {
    const { length } = record;
    if (length === 0 || record.includes(10) || !this.#target.ready()) return false;
    const { rows, hasTexts } = this.#target;
    const { texts } = rows;
    const from = texts.length;
    texts.reserve(length + 1);
    texts.bytes.set(record, from);
    texts.bytes[from + length] = 10;
    this.#lines(texts.bytes, from, from + length + 1, 1, 0);
    if (this.#run.lines === 0) return false;
    if (hasTexts) texts.length += length;
    this.#target.unescape();
    rows.filled(1);
    return true;
  }

  /** Lines that are alike, as many as there are one after the other; `run` says how many. Where the next begins. */
  #lines(bytes: Uint8Array, from: number, to: number, most: number, shift: number): number {
    const view = this.#viewOf(bytes);
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
    this.#run.lines = 0;
    const end = this.#anyOrder.read(bytes, from);
    const at = end < 0 ? -1 : behindBlanks(bytes, end);
    if (at < 0 || bytes[at] !== 10) return from;
    this.#target.append(this.#anyOrder.present, shift);
    this.#run.lines = 1;
    if (this.#learns && --this.#untilLearning < 0) this.#learn(bytes, from);
    return at + 1;
  }

  #learn(line: Uint8Array, from: number): void {
    const shape = shapeOf(line, from, this.#plan.root, this.#values);
    this.#untilLearning = Math.min(learnEveryMax, 2 ** this.#learned);
    if (shape === null) return;
    const context = { plan: this.#plan, values: this.#values, target: this.#target, run: this.#run };
    this.#shapes[this.#learned++ % shapesMax] = lineCode(shape, context);
  }

  #viewOf(bytes: Uint8Array): DataView {
    if (this.#viewed !== bytes) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.#view;
  }
}
