import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, rowKind, takesBack } from '../../src/batch/index.ts';
import { regularJoinOperator } from '../../src/operators/index.ts';
import type { JoinNode, JoinType } from '../../src/plan/index.ts';
import { openMemoryStores } from '../../src/state/index.ts';
import { type FedItem, OperatorRun, testBarrier, type TestItem } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { barrier, field, joinNode, number, others, schemaOf, sourceNode, text, time } from './operator-fixture.ts';

type Row = { readonly key: string | null; readonly at: number };
interface Change {
  readonly side: 0 | 1;
  readonly back: boolean;
  readonly row: Row;
}
const left = (key: string | null, at: number, back = false): Change => ({ side: 0, back, row: { key, at } });
const right = (key: string | null, at: number, back = false): Change => ({ side: 1, back, row: { key, at } });

const nullable = sourceNode(schemaOf(field('key', text, true), field('at', time, true), field('value', number, true)));
const nodeOf = (how: JoinType, more: Partial<JoinNode> = {}): JoinNode =>
  joinNode({ how, inputs: [nullable, sourceNode(others)], regular: {}, ...more });

function itemOf({ side, back, row: { key, at } }: Change): FedItem {
  const kinds = Uint8Array.of(back ? rowKind.delete : rowKind.insert);
  const system = { kinds, origin: { split: `s${side}`, first: 0 } };
  const batch =
    side === 0
      ? batchOf(nullable.schema, [{ key, at, value: null }], system)
      : batchOf(others, [{ other: key, seen: at, n: 0 }], system);
  return { kind: 'rows', batch, advances: false, input: side };
}

/** What the rows that are there join to, computed from nothing but them. */
function plain(changes: readonly Change[], how: JoinType, nullSafe: boolean): string[] {
  const sides: Row[][] = [[], []];
  for (const { side, back, row } of changes) {
    const rows = sides[side]!;
    if (back)
      rows.splice(
        rows.findIndex(({ key, at }) => key === row.key && at === row.at),
        1,
      );
    else rows.push(row);
  }
  const [l, r] = sides as [Row[], Row[]];
  const meets = (a: Row, b: Row): boolean => a.key === b.key && (a.key !== null || nullSafe);
  const shown = (a: Row | null, b: Row | null): object =>
    how === 'semi' || how === 'anti'
      ? { key: a!.key, at: a!.at }
      : { key: a?.key ?? null, at: a?.at ?? null, other: b?.key ?? null, seen: b?.at ?? null };
  const rows: object[] = [];
  for (const a of l) {
    const partners = r.filter((b) => meets(a, b));
    if (how === 'semi' || how === 'anti') {
      if (partners.length > 0 === (how === 'semi')) rows.push(shown(a, null));
      continue;
    }
    for (const b of partners) rows.push(shown(a, b));
    if (partners.length === 0 && (how === 'left' || how === 'full')) rows.push(shown(a, null));
  }
  if (how === 'right' || how === 'full') for (const b of r) if (!l.some((a) => meets(a, b))) rows.push(shown(null, b));
  return rows.map((row) => JSON.stringify(row)).sort();
}

/** What is left of rows that came and were taken back; one that was not there is an error. */
function leftOf(emitted: readonly { readonly kind: number; readonly row: object }[]): string[] {
  const rows: string[] = [];
  for (const { kind, row } of emitted) {
    const text = JSON.stringify(row);
    if (!takesBack(kind)) rows.push(text);
    else if (rows.includes(text)) rows.splice(rows.indexOf(text), 1);
    else throw new Error(`${text} was not there`);
  }
  return rows.sort();
}

const types: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];
/** Rows that come, and some that are taken back after they came. */
const lives: fc.Arbitrary<Change[]> = fc
  .array(
    fc.record({
      side: fc.constantFrom(0 as const, 1 as const),
      key: fc.constantFrom('a', 'b', null),
      at: fc.integer({ min: 0, max: 2 }),
      takes: fc.boolean(),
      which: fc.nat(),
    }),
    { maxLength: 30 },
  )
  .map((steps) => {
    const there: Change[] = [];
    return steps.map(({ side, key, at, takes, which }) => {
      const own = there.filter((change) => change.side === side);
      if (takes && own.length > 0) {
        const gone = own[which % own.length]!;
        there.splice(there.indexOf(gone), 1);
        return { ...gone, back: true };
      }
      const come: Change = { side, back: false, row: { key, at } };
      there.push(come);
      return come;
    });
  });

describe('a join of rows that change', () => {
  test.each(types)('JO7, JO8: %s is at any time that of the rows that are there', async (how) => {
    await fc.assert(
      fc.asyncProperty(lives, fc.boolean(), async (changes, nullSafe) => {
        const node = nodeOf(how, { nullSafe });
        const input: TestItem[] = changes.flatMap((change, i) =>
          i % 4 === 3 || i === changes.length - 1 ? [itemOf(change), barrier()] : [itemOf(change)],
        );
        const result = await verifyOperator({
          subject: () => ({ make: () => regularJoinOperator(node) }),
          input,
          anyOrder: true,
        });
        expect(leftOf(result.rows)).toEqual(plain(changes, how, nullSafe));
      }),
      { numRuns: 40 },
    );
  });

  test('a row without a partner goes out with its epoch, and is taken back when its first partner comes, and again when its last one goes', async () => {
    const epochs = [
      [left('a', 1)],
      [right('a', 5), right('a', 6)],
      [right('a', 5, true)],
      [right('a', 6, true)],
      [left('a', 1, true)],
    ];
    const result = await verifyOperator({
      subject: () => ({ make: () => regularJoinOperator(nodeOf('left')) }),
      input: epochs.flatMap((changes) => [...changes.map(itemOf), barrier()]),
    });
    const [row, alone] = [
      { key: 'a', at: 1 },
      { other: null, seen: null },
    ];
    expect(result.rows.map(({ kind, row: of }) => [takesBack(kind) ? '-' : '+', of])).toEqual([
      ['+', { ...row, ...alone }],
      ['-', { ...row, ...alone }],
      ['+', { ...row, other: 'a', seen: 5 }],
      ['+', { ...row, other: 'a', seen: 6 }],
      ['-', { ...row, other: 'a', seen: 5 }],
      ['-', { ...row, other: 'a', seen: 6 }],
      ['+', { ...row, ...alone }],
      ['-', { ...row, ...alone }],
    ]);
  });

  test('what comes and goes within an epoch does not go out, and a row goes out in one way only', async () => {
    const result = await verifyOperator({
      subject: () => ({ make: () => regularJoinOperator(nodeOf('full')) }),
      input: [
        ...[left('a', 1), right('a', 5), left('a', 1, true), left('a', 1), left('b', 2), left('b', 2, true)].map(itemOf),
        barrier(),
      ],
    });
    expect(result.rows.map(({ kind, row }) => [kind, row])).toEqual([[rowKind.insert, { key: 'a', at: 1, other: 'a', seen: 5 }]]);
  });

  test('a key is forgotten whole, so long after its last row; what is taken back of it later is ignored', async () => {
    const options = {
      make: () => regularJoinOperator(nodeOf('left', { regular: { ttlMs: 1000 } })),
      blobs: openMemoryStores().blobs,
      clock: new VirtualClock(),
    };
    const run = new OperatorRun(options);
    const at = (epoch: number, time: number) => ({ ...testBarrier(epoch), time });
    await run.barrier(at(1, 0));
    for (const change of [left('b', 1), left('a', 1), right('a', 5)]) await run.feed(itemOf(change));
    await run.barrier(at(2, 600));
    await run.feed(itemOf(right('b', 7)));
    const restored = await OperatorRun.restored(options, [await run.barrier(at(3, 999))]);
    expect([run.stateRows, restored.stateRows]).toEqual([6, 6]);
    for (const each of [run, restored]) await each.barrier(at(4, 1000));
    expect([run.stateRows, restored.stateRows]).toEqual([3, 3]);
    for (const change of [left('a', 1, true), left('a', 2), right('b', 7, true)]) await restored.feed(itemOf(change));
    await restored.barrier(at(5, 1500));
    expect(restored.emitted.map(({ kind, row }) => [takesBack(kind) ? '-' : '+', Object.values(row)])).toEqual([
      ['-', ['b', 1, 'b', 7]],
      ['+', ['a', 2, null, null]],
      ['+', ['b', 1, null, null]],
    ]);
    await restored.barrier(at(6, 5000));
    expect(restored.stateRows).toBe(0);
  });
});
