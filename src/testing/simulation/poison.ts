/**
 * Records that nobody can read, between the rows of a simulated life, and where they must come out: once each, among the dead letters.
 *
 * Owns: which records are poisoned, and the sink of dead letters, which outlives the crashes of the job. A row that the job's own functions
 * refuse lands there too: that is the job's fault.
 */
import { packValue, unpackValue } from '../../batch/index.ts';
import { seededRandom } from '../../core/index.ts';
import type { DeadRecord, SinkDefinition, SinkWriter } from '../../operators/index.ts';

interface DeadRow {
  readonly position: string;
  readonly error: string;
}
const error = 'this record is poisoned, and nobody can read it';
/** Rows of a split that one follows: about so many of a hundred. */
const percent = 8;

export class Poison {
  readonly #seed: number;
  /** Epoch → what was published with it. */
  readonly #published = new Map<number, readonly DeadRow[]>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The records that follow row `row` of a split: one now and then. Equal for equal seeds, however often they are read. */
  after(split: string, row: number): readonly DeadRecord[] {
    const drawn = seededRandom((this.#seed ^ 0xdead) + 7919 * row + Number(split)).next();
    if (drawn * 100 >= percent) return [];
    return [{ bytes: Buffer.from('\u0000'), error, operator: 'input', position: `${split}#behind-${row}` }];
  }

  /** Where the job sets aside what it cannot take: each epoch's once. */
  get sink(): SinkDefinition {
    return {
      type: 'sink',
      name: 'dead letters',
      guarantee: 'exactly-once',
      modes: ['append'],
      single: true,
      identity: 'simulated dead letters',
      open: async () => this.#writer(),
    };
  }

  /** What is wrong with the dead letters, once the splits of so many rows were read. Null: nothing. */
  wrong(rowsOfSplits: readonly number[]): string | null {
    const expected = this.#all(rowsOfSplits);
    const found = [...this.#published.values()].flat();
    const refused = found.find((row) => row.error !== error);
    if (refused !== undefined) return `the job set aside a row that is no poisoned record: ${refused.error}`;
    const positions = found.map(({ position }) => position);
    const lost = expected.find((position) => !positions.includes(position));
    if (lost !== undefined) return `the poisoned record ${lost} is not among the dead letters`;
    const twice = positions.find((position, i) => positions.indexOf(position) !== i);
    return twice === undefined ? null : `the poisoned record ${twice} is among the dead letters twice`;
  }

  count(rowsOfSplits: readonly number[]): number {
    return this.#all(rowsOfSplits).length;
  }

  #all(rowsOfSplits: readonly number[]): string[] {
    return rowsOfSplits.flatMap((rows, split) =>
      Array.from({ length: rows }, (_, row) => this.after(String(split), row)).flatMap((records) =>
        records.map(({ position }) => position),
      ),
    );
  }

  #writer(): SinkWriter {
    let rows: DeadRow[] = [];
    return {
      write: (batch) => {
        for (let i = 0; i < batch.length; i++) {
          const { position, error: why } = batch.row(i) as unknown as DeadRow;
          rows.push({ position, error: why });
        }
      },
      stage: () => {
        const staged = rows.length === 0 ? undefined : packValue(rows);
        rows = [];
        return staged;
      },
      commit: async ({ epoch }, staged) => {
        if (!this.#published.has(epoch)) this.#published.set(epoch, unpackValue(staged as Uint8Array) as DeadRow[]);
      },
    };
  }
}
