/** Result rows of different kinds into batches, in their order, piece by piece. */
import { BatchBuilder, type BatchSchema } from '../batch/index.ts';
import type { Output } from './operator.ts';
import { stepRowsMax } from './step-rows.ts';

export interface KindedTarget {
  readonly port: string;
  /** Of all rows (T7). */
  readonly stamp: number;
}

export class KindedRows {
  /** Rows that have not gone out: whoever appends one says of what kind it is. */
  readonly rows: BatchBuilder;
  readonly #kinds: number[] = [];
  readonly #out: Output;
  readonly #target: KindedTarget;

  constructor(schema: BatchSchema, out: Output, target: KindedTarget, rows: BatchBuilder = new BatchBuilder(schema)) {
    this.rows = rows;
    this.#out = out;
    this.#target = target;
  }

  /** A row was appended. */
  appended(kind: number): void {
    this.#kinds.push(kind);
  }

  /** Emits what there is once that is enough. True: it has, and here the operator may answer `more`. */
  pass(): boolean {
    if (this.#kinds.length < stepRowsMax && (this.#kinds.length === 0 || this.#out.full !== true)) return false;
    this.flush();
    return true;
  }

  flush(): void {
    const { length } = this.#kinds;
    if (length === 0) return;
    const kinds = Uint8Array.from(this.#kinds);
    this.#kinds.length = 0;
    const { port, stamp } = this.#target;
    this.#out.emit(this.rows.build({ stamps: new Float64Array(length).fill(stamp), kinds }), port);
  }
}
