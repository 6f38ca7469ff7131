import { BatchBuilder, type BatchSchema } from '../batch/index.ts';
import type { Output } from './operator.ts';

/**
 * Rows that a process function has emitted and that wait to go out: those in time, and those that break the promise of
 * their event time, which are late.
 */
export class EmittedRows {
  readonly #main: BatchBuilder;
  readonly #late: BatchBuilder;
  readonly #times: readonly string[];

  constructor(schema: BatchSchema) {
    this.#main = new BatchBuilder(schema);
    this.#late = new BatchBuilder(schema);
    const fields = schema.kind === 'any' ? [] : schema.fields;
    this.#times = fields.filter(({ type }) => type.kind === 'timestamp' && type.eventTime === true).map(({ name }) => name);
  }

  get length(): number {
    return this.#main.length + this.#late.length;
  }

  /** @param promised no row is earlier */
  add(row: object, promised: number): void {
    const late = this.#times.some((name) => {
      const time = (row as Readonly<Record<string, unknown>>)[name];
      return typeof time === 'number' && time < promised;
    });
    (late ? this.#late : this.#main).append(row);
  }

  moveTo(other: EmittedRows): void {
    const main = this.#main.build();
    const late = this.#late.build();
    for (let i = 0; i < main.length; i++) other.#main.append(main.row(i));
    for (let i = 0; i < late.length; i++) other.#late.append(late.row(i));
  }

  clear(): void {
    this.#main.build();
    this.#late.build();
  }

  /** How many were late. */
  flush(out: Output, stamp: number): number {
    const late = this.#late.length;
    for (const [builder, port] of [
      [this.#main, 'main'],
      [this.#late, 'late'],
    ] as const) {
      if (builder.length > 0) out.emit(builder.build({ stamps: new Float64Array(builder.length).fill(stamp) }), port);
    }
    return late;
  }
}
