/** The input of a simulated job: rows that are there from the begin, in several splits. */
import { type Stream, streamOf } from '../../api/index.ts';
import { BatchBuilder, type BatchSchema } from '../../batch/index.ts';
import type { DeadRecord, SourceDefinition } from '../../operators/index.ts';

export interface SimulatedInput {
  readonly schema: BatchSchema;
  readonly rows: readonly object[];
  readonly splits: number;
  /** In a piece, at most. */
  readonly pieceRows: number;
  /** Records that follow a row of a split, and that nobody can read. */
  readonly dead?: (split: string, row: number) => readonly DeadRecord[];
}

export const splitRows = ({ rows, splits }: SimulatedInput, split: number): readonly object[] =>
  rows.filter((_, i) => i % splits === split);

export function simulatedInput<Row extends object>(input: SimulatedInput): Stream<Row> {
  const { schema, splits, pieceRows } = input;
  const definition: SourceDefinition = {
    type: 'source',
    name: 'input',
    guarantee: 'exactly-once',
    schema,
    identity: 'simulated input',
    bounded: true,
    splits: async () => Array.from({ length: splits }, (_, i) => String(i)),
    open: async (split, position, before) => {
      const rows = splitRows(input, Number(split));
      let next = (position as number | undefined) ?? 0;
      let record = before;
      return {
        read: async () => {
          const piece = rows.slice(next, next + pieceRows);
          if (piece.length === 0) return null;
          const builder = new BatchBuilder(schema);
          for (const row of piece) builder.append(row);
          const batch = builder.build({ origin: { split, first: record } });
          const dead = piece.flatMap((_, i) => input.dead?.(split, next + i) ?? []);
          const records = piece.length + dead.length;
          next += piece.length;
          record += records;
          return { batch, dead, records, position: next };
        },
        close: async () => undefined,
      };
    },
  };
  return streamOf<Row>({ kind: 'source', source: definition, site: '', schema });
}
