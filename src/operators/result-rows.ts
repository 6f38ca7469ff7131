/** Result rows into batches, piece by piece. */
import { BatchBuilder, type BatchSchema, rowKind } from '../batch/index.ts';
import type { Output } from './operator.ts';
import { stepRowsMax } from './step-rows.ts';

export interface RowTarget {
  readonly port: string;
  readonly kind: number;
  /** Of all rows (T7): the last watermark that was forwarded. */
  readonly stamp: number;
  /** Of a complete result: the epoch at whose barrier it is emitted. */
  readonly emission?: number;
}

export class ResultRows {
  /** Rows that have not gone out. */
  readonly rows: BatchBuilder;
  readonly #out: Output;
  readonly #target: RowTarget;

  /** @param rows a schema, or an empty builder, which is empty again after `flush` */
  constructor(rows: BatchSchema | BatchBuilder, out: Output, target: RowTarget) {
    this.rows = rows instanceof BatchBuilder ? rows : new BatchBuilder(rows);
    this.#out = out;
    this.#target = target;
  }

  /** Emits what there is once that is enough. True: it has, and here the operator may answer `more`. */
  pass(): boolean {
    if (!this.isEnough) return false;
    this.flush();
    return true;
  }

  get isEnough(): boolean {
    return this.rows.length >= stepRowsMax || (this.rows.length > 0 && this.#out.full === true);
  }

  flush(): void {
    const { length } = this.rows;
    if (length === 0) return;
    const { port, kind, stamp, emission } = this.#target;
    const stamps = new Float64Array(length).fill(stamp);
    const kinds = kind === rowKind.insert ? {} : { kinds: new Uint8Array(length).fill(kind) };
    this.#out.emit(this.rows.build({ stamps, ...kinds, ...(emission === undefined ? {} : { emission }) }), port);
  }
}
