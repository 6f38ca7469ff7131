// What every source promises. Each kind runs this one suite.
import { expect, test } from 'vitest';
import type { SourceContext, SourceDefinition } from '../../src/operators/index.ts';
import { outcomes, type Outcome, readPieces, sourceContext, type SourceSurroundings } from './connector-fixture.ts';

export interface SourceSubject {
  readonly source: SourceDefinition;
  /** A source that never ends says how many records there are. */
  readonly endless?: boolean;
  /** Per split what is in it: rows, and the bytes of records that are dead. */
  readonly splits: Readonly<Record<string, readonly (object | { readonly dead: string })[]>>;
}

/** @param make a source over fresh input; `contexts` are all given to it while it lives */
export function sourceContract(make: () => Promise<SourceSubject>, surroundings: () => SourceSurroundings = () => ({})): void {
  const context = (shared: SourceSurroundings, batchRowsMax: number): SourceContext => sourceContext({ ...shared, batchRowsMax });

  test('C2: every record is in exactly one piece, as a row or as a dead record, and its origin counts it', async () => {
    const { source, splits, endless = false } = await make();
    const given = context(surroundings(), 3);
    expect(await source.splits(given)).toEqual(Object.keys(splits));
    for (const [split, expected] of Object.entries(splits)) {
      const pieces = await readPieces(source, split, given, undefined, endless ? expected.length : undefined);
      expect(pieces.flatMap(({ piece }) => outcomes(piece))).toEqual(expected.map((record, i) => outcome(split, i, record)));
      expect(pieces.at(-1)?.records ?? 0).toBe(expected.length);
      for (const { piece } of pieces) expect(piece.records).toBeLessThanOrEqual(3);
    }
  });

  test('C1: from the position behind every piece the same records come again', async () => {
    const { source, splits, endless = false } = await make();
    const shared = surroundings();
    for (const [split, expected] of Object.entries(splits)) {
      const most = endless ? expected.length : undefined;
      const pieces = await readPieces(source, split, context(shared, 2), undefined, most);
      for (const boundary of pieces) {
        const again = await readPieces(source, split, context(shared, 3), boundary, most);
        const rest = expected.map((record, i) => outcome(split, i, record)).slice(boundary.records);
        expect(again.flatMap(({ piece }) => outcomes(piece))).toEqual(rest);
      }
    }
  });

  test('a read ends with the reason of the signal once that aborts', async () => {
    const { source, splits } = await make();
    const reason = new Error('closing');
    for (const split of Object.keys(splits)) {
      const controller = new AbortController();
      const given = sourceContext({ ...surroundings(), batchRowsMax: 1, signal: controller.signal });
      const reader = await source.open(split, undefined, 0, given);
      await reader.read();
      controller.abort(reason);
      await expect(reader.read()).rejects.toBe(reason);
      await reader.close();
    }
  });
}

function outcome(split: string, i: number, record: object | { readonly dead: string }): Outcome {
  const position = `${split}#${i}`;
  return 'dead' in record && typeof record.dead === 'string' ? { position, dead: record.dead } : { position, row: record };
}
