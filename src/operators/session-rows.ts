/**
 * Sessions as rows of results, by port.
 *
 * Owns: which rows take back what went out before. A row's window is a part of what it is known by, so the row of a session that has
 * grown since, or has merged into another, is taken back (kind `delete`) before the session's own goes out. Of a row that takes back, only
 * its window and keys mean anything.
 */
import { type BatchBuilder, type BatchSchema, rowKind } from '../batch/index.ts';
import type { Output } from './operator.ts';
import { ResultRows } from './result-rows.ts';
import type { KeySession, Shown } from './session-state.ts';

export interface SessionRowsOptions {
  readonly schema: BatchSchema;
  readonly out: Output;
  /** Of all rows (T7). */
  readonly stamp: number;
  readonly append: (to: BatchBuilder, window: object, session: KeySession) => void;
  /** Of a complete result: the epoch at whose barrier it is emitted. */
  readonly emission?: number;
}
interface PortRows {
  /** They go out before the others. */
  readonly taken: ResultRows;
  readonly rows: ResultRows;
}

export class SessionRows {
  readonly #options: SessionRowsOptions;
  readonly #ports = new Map<string, PortRows>();

  constructor(options: SessionRowsOptions) {
    this.#options = options;
  }

  /** The row of a session, once. */
  final(port: string, session: KeySession): void {
    const { start, end } = session.value;
    this.#options.append(this.#of(port, rowKind.insert).rows.rows, { start, end }, session);
  }

  /** Its row in place of those that are shown. @returns what is shown of it then, on all ports */
  changed(port: string, session: KeySession): readonly Shown[] {
    const { start, end, shown } = session.value;
    const { taken, rows } = this.#of(port, rowKind.update);
    for (const before of shown) {
      if (before.port !== port || (before.start === start && before.end === end)) continue;
      this.#options.append(taken.rows, { start: before.start, end: before.end }, session);
    }
    this.#options.append(rows.rows, { start, end }, session);
    return [...shown.filter((before) => before.port !== port), { port, start, end }];
  }

  /** Emits what there is once that is enough. True: it has, and here the operator may answer `more`. */
  pass(): boolean {
    const isEnough = [...this.#ports.values()].some(({ taken, rows }) => taken.isEnough || rows.isEnough);
    if (isEnough) this.flush();
    return isEnough;
  }

  flush(): void {
    for (const { taken, rows } of this.#ports.values()) {
      taken.flush();
      rows.flush();
    }
  }

  #of(port: string, kind: number): PortRows {
    const known = this.#ports.get(port);
    if (known !== undefined) return known;
    const { schema, out, stamp, emission } = this.#options;
    const target = { port, stamp, ...(emission === undefined ? {} : { emission }) };
    const made = {
      taken: new ResultRows(schema, out, { ...target, kind: rowKind.delete }),
      rows: new ResultRows(schema, out, { ...target, kind }),
    };
    this.#ports.set(port, made);
    return made;
  }
}
