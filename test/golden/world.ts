/**
 * The outside of a job, which outlives its crashes: what its sinks have published, each epoch once.
 *
 * Rows travel as bytes that keep every value: -0, NaN, lone surrogates. One that takes back an earlier one has `takenBack`.
 */
import { type Batch, takesBack, unpackValue } from '../../src/batch/index.ts';
import { checkpointCell, type Pointer } from '../../src/coordinator/index.ts';
import type { SinkDefinition, SinkWriter } from '../../src/operators/index.ts';
import type { MemoryDisk } from '../../src/state/index.ts';
import { bytesOfRows, rowsOfBytes } from './row-bytes.ts';
import { turn } from './split-source.ts';

export interface PublishedEpoch {
  readonly epoch: number;
  readonly rows: readonly object[];
  /** What was staged. */
  readonly bytes: Uint8Array;
  readonly generation: number;
}
/** Called before each call of a writer, and after each commit. */
export type SinkTrouble = (call: 'write' | 'stage' | 'commit' | 'committed') => void | Promise<void>;

export class World {
  readonly #published = new Map<string, PublishedEpoch[]>();
  /** What no sink may see, whatever comes out in the end. */
  readonly violations: string[] = [];
  /** Those of them that only who looks inside the job can see. */
  readonly witnessed: string[] = [];
  trouble: SinkTrouble | null = null;
  /** Where a job's disk can be seen: the newest checkpoint that exists. */
  newestCheckpoint: (() => number) | null = null;
  /** What its sources wait for, a few times for each piece. */
  pause: () => Promise<void> = turn;
  /** What whoever is asked outside waits for, a few times for each answer. */
  thinking: () => Promise<void> = () => this.pause();

  /** @param retracts it is given rows as they were, too */
  sink(name: string, { retracts = false }: { readonly retracts?: boolean } = {}): SinkDefinition {
    const published: PublishedEpoch[] = [];
    this.#published.set(name, published);
    return {
      type: 'sink',
      name,
      guarantee: 'exactly-once',
      modes: ['append', 'update', 'complete'],
      single: true,
      takesBack: true,
      retracts,
      identity: name,
      open: async ({ generation }) => this.#writer(name, published, generation),
    };
  }

  epochs(name: string): readonly PublishedEpoch[] {
    return this.#published.get(name)!;
  }

  rows<Row = object>(name: string): Row[] {
    return this.epochs(name).flatMap(({ rows }) => rows) as Row[];
  }

  /**
   * Nothing is published of a checkpoint that does not exist, and an epoch that comes again comes as it was. An older generation may
   * still be publishing what a newer one went on from: of the same checkpoint. Where none can be seen, it publishes nothing behind a newer one.
   */
  #publish(name: string, published: PublishedEpoch[], epoch: number, generation: number, bytes: Uint8Array): void {
    const last = published.at(-1);
    if (epoch > (last?.epoch ?? 0)) {
      const newest = this.newestCheckpoint?.();
      if (newest !== undefined && epoch > newest)
        this.#witness(`${name}: generation ${generation} published epoch ${epoch}, and the newest checkpoint is ${newest}`);
      if (newest === undefined && generation < (last?.generation ?? 0))
        this.violations.push(`${name}: generation ${generation} published epoch ${epoch} behind generation ${last!.generation}`);
      published.push({ epoch, rows: rowsOfBytes(bytes) as object[], bytes, generation });
      return;
    }
    const before = published.find((each) => each.epoch === epoch);
    if (before !== undefined && Buffer.compare(before.bytes, bytes) !== 0)
      this.violations.push(`${name}: epoch ${epoch} came again, with other rows`);
  }

  #witness(violation: string): void {
    this.witnessed.push(violation);
    this.violations.push(violation);
  }

  #writer(name: string, published: PublishedEpoch[], generation: number): SinkWriter {
    let rows: object[] = [];
    const staged = (replaced: boolean): Uint8Array | undefined => {
      const bytes = rows.length > 0 || replaced ? bytesOfRows(rows) : undefined;
      rows = [];
      return bytes;
    };
    const troubled = <T>(call: Parameters<SinkTrouble>[0], then: () => T): T | Promise<T> => {
      const trouble = this.trouble?.(call);
      return trouble === undefined ? then() : trouble.then(then);
    };
    return {
      write: (batch) => {
        const taken = Array.from({ length: batch.length }, (_, i) => rowOf(batch, i));
        return troubled('write', () => void rows.push(...taken));
      },
      stage: (_, replaced) => troubled('stage', () => staged(replaced)),
      commit: async ({ epoch }, bytes) => {
        await this.trouble?.('commit');
        this.#publish(name, published, epoch, generation, bytes as Uint8Array);
        await this.trouble?.('committed');
      },
    };
  }
}

const rowOf = (batch: Batch, i: number): object =>
  takesBack(batch.kind(i)) ? { ...batch.row(i), takenBack: true } : batch.row(i);

/** The epoch that the commit pointer names; 0 = none. */
export function newestCheckpointOn(disk: MemoryDisk): number {
  const cell = disk.cells.get(checkpointCell);
  return cell === undefined ? 0 : (unpackValue(cell.bytes) as Pointer).epoch;
}
