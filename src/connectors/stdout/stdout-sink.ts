import { asSink, type Sink } from '../../api/index.ts';
import type { Batch } from '../../batch/index.ts';
import { type Clock, type Epoch, WeirError } from '../../core/index.ts';
import type { CommitPermit, SinkContext, SinkWriter } from '../../operators/index.ts';
import { type TableRow, tableRow, tableText } from './table-text.ts';
import { writeOut } from './write-out.ts';

export interface StdoutOptions {
  /** How many rows of a write are shown (20). */
  readonly rows?: number;
  /** Cut cells to 20 characters, times and windows excepted (true). */
  readonly truncate?: boolean;
}

type Write = (text: string, clock: Clock) => void | Promise<void>;

interface Staged {
  readonly title: string;
  readonly table: string;
}

/**
 * A table for each checkpoint that has rows, printed once the checkpoint is complete; after a crash the last one may be
 * printed again, so it is at-least-once. For people: what is not shown is counted, not kept.
 *
 * @throws WeirError `E_PLAN` for a number of rows that is none; `E_SINK` while it runs, when stdout is closed or full
 */
export function stdoutSink<Row extends object>(options: StdoutOptions = {}): Sink<Row> {
  return stdoutSinkTo<Row>(writeOut, options);
}

/** The same, to another place. */
export function stdoutSinkTo<Row extends object>(write: Write, options: StdoutOptions = {}): Sink<Row> {
  const { rows = 20, truncate = true } = options;
  if (!Number.isSafeInteger(rows) || rows < 1)
    throw new WeirError('E_PLAN', `stdout.sink(): ${rows} is no number of rows`, { hint: 'give a whole number from 1' });
  return asSink<Row>({
    type: 'sink',
    name: 'stdout',
    guarantee: 'at-least-once',
    modes: ['append', 'update', 'complete'],
    single: true,
    identity: 'stdout',
    open: async (context) => new StdoutWriter(write, rows, truncate, context),
  });
}

class StdoutWriter implements SinkWriter {
  readonly #write: Write;
  readonly #rowsMax: number;
  readonly #truncate: boolean;
  readonly #context: SinkContext;
  #rows: TableRow[] = [];
  #count = 0;

  constructor(write: Write, rowsMax: number, truncate: boolean, context: SinkContext) {
    this.#write = write;
    this.#rowsMax = rowsMax;
    this.#truncate = truncate;
    this.#context = context;
  }

  write(batch: Batch): void {
    const shown = Math.min(batch.length, this.#rowsMax - this.#rows.length);
    for (let i = 0; i < shown; i++) this.#rows.push(tableRow(batch, i));
    this.#count += batch.length;
  }

  stage(epoch: Epoch, replaced: boolean): Staged | undefined {
    const rows = this.#rows;
    const count = this.#count;
    this.#rows = [];
    this.#count = 0;
    if (count === 0 && !replaced) return undefined;
    const of = rows.length < count ? `, ${rows.length} of them shown` : '';
    return {
      title: `epoch ${epoch}, ${this.#context.mode}: ${count} ${count === 1 ? 'row' : 'rows'}${of}`,
      table: rows.length === 0 ? '' : tableText(rows, { truncate: this.#truncate }),
    };
  }

  async commit(_permit: CommitPermit, staged: unknown): Promise<void> {
    const { title, table } = staged as Staged;
    await this.#write(`${title}\n${table}\n`, this.#context.clock);
  }
}
