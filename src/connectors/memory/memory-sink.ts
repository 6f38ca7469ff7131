/**
 * A sink into an array of this process: for tests, and for programs that read what their own job commits.
 *
 * Owns: the rows, and which epoch was committed last, so that a commit that comes again adds nothing. Both live as long as
 * the sink: a job that is restarted within the process goes on with them, one that starts without a checkpoint from empty.
 */
import { asSink, type Sink } from '../../api/index.ts';
import type { Batch } from '../../batch/index.ts';
import type { Epoch } from '../../core/index.ts';
import type { CommitPermit, SinkContext, SinkWriter } from '../../operators/index.ts';
import { packBatches, unpackRows } from './staged-batches.ts';

export interface MemorySinkOptions<Row> {
  /** Called with the rows of each epoch as it is committed; what it returns is waited for. */
  readonly onCommit?: (rows: readonly Row[], epoch: number) => void | Promise<void>;
}

export type MemorySink<Row extends object> = Sink<Row> & {
  /** What was committed; in mode `complete`, the last result. */
  readonly rows: readonly Row[];
};

interface Staged {
  readonly epoch: number;
  readonly batches: readonly Uint8Array[];
}

export function memorySink<Row extends object>(options: MemorySinkOptions<Row> = {}): MemorySink<Row> {
  const committed = new CommittedRows((options.onCommit ?? (() => undefined)) as OnCommit);
  const sink = asSink<Row>({
    type: 'sink',
    name: 'memory',
    guarantee: 'exactly-once',
    modes: ['append', 'update', 'complete'],
    single: true,
    identity: 'memory',
    async open(context) {
      if (context.fresh) committed.clear();
      return new MemoryWriter(committed, context);
    },
  });
  return Object.defineProperty(sink as MemorySink<Row>, 'rows', { get: () => committed.rows, enumerable: true });
}

type OnCommit = (rows: readonly object[], epoch: number) => void | Promise<void>;

class CommittedRows {
  rows: readonly object[] = [];
  #epoch = 0;
  readonly #onCommit: OnCommit;

  constructor(onCommit: OnCommit) {
    this.#onCommit = onCommit;
  }

  clear(): void {
    this.rows = [];
    this.#epoch = 0;
  }

  async add(epoch: number, rows: readonly object[], replace: boolean): Promise<void> {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.rows = replace ? rows : [...this.rows, ...rows];
    await this.#onCommit(rows, epoch);
  }
}

class MemoryWriter implements SinkWriter {
  readonly #committed: CommittedRows;
  readonly #replace: boolean;
  #batches: Batch[] = [];

  constructor(committed: CommittedRows, { mode }: SinkContext) {
    this.#committed = committed;
    this.#replace = mode === 'complete';
  }

  write(batch: Batch): void {
    this.#batches.push(batch);
  }

  stage(epoch: Epoch, replaced: boolean): Staged | undefined {
    const batches = this.#batches;
    this.#batches = [];
    return batches.length === 0 && !replaced ? undefined : { epoch, batches: packBatches(batches) };
  }

  async commit(_permit: CommitPermit, staged: unknown): Promise<void> {
    const { epoch, batches } = staged as Staged;
    await this.#committed.add(epoch, unpackRows(batches), this.#replace);
  }
}
