/** What joins ask of two rows beside their keys and times. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, rowKind, takesBack } from '../../src/batch/index.ts';
import { applyExpr, callExpr, columnExpr, type ExprNode, heldTo } from '../../src/expr/index.ts';
import { joinOperator, regularJoinOperator, tableJoinOperator } from '../../src/operators/index.ts';
import type { JoinNode, JoinType } from '../../src/plan/index.ts';
import type { FedItem, TestItem } from '../../src/testing/operator-run.ts';
import { verifyOperator } from '../../src/testing/verify-operator.ts';
import { barrier, events, joinNode, number, others, text, watermark } from './operator-fixture.ts';

const value = columnExpr(['left', 'value'], { type: number, nullable: true });
const n = columnExpr(['right', 'n'], { type: number, nullable: false });
/** Neither of its columns is one of the result. */
const above = applyExpr('gt', value, n);
const types: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];
const within = { bound: { left: 'at', right: 'seen', lowMs: -5, highMs: 5 } } as const;

interface Row {
  readonly side: 0 | 1;
  readonly key: string;
  readonly at: number;
  /** `value`, or `n`. */
  readonly of: number | null;
}
const left = (key: string, at: number, of: number | null): Row => ({ side: 0, key, at, of });
const right = (key: string, at: number, of: number): Row => ({ side: 1, key, at, of });

function itemOf({ side, key, at, of }: Row, kind: number = rowKind.insert): FedItem {
  const system = {
    kinds: Uint8Array.of(kind),
    stamps: Float64Array.of(-Infinity),
    origin: { split: `s${side}`, first: 0 },
  };
  const batch =
    side === 0 ? batchOf(events, [{ key, at, value: of }], system) : batchOf(others, [{ other: key, seen: at, n: of }], system);
  return { kind: 'rows', batch, advances: false, input: side };
}

const isAbove = (l: Row, r: Row): boolean => l.of !== null && l.of > r.of!;

/** Every pair of rows, looked at by itself. */
function plain(rows: readonly Row[], how: JoinType, meet: (l: Row, r: Row) => boolean): object[] {
  const [lefts, rights] = ([0, 1] as const).map((side) => rows.filter((row) => row.side === side)) as [Row[], Row[]];
  const shown = (l: Row | null, r: Row | null): object => ({
    ...{ key: l?.key ?? null, at: l?.at ?? null },
    ...(how === 'semi' || how === 'anti' ? {} : { other: r?.key ?? null, seen: r?.at ?? null }),
  });
  const pairs = lefts.flatMap((l) => rights.filter((r) => meet(l, r)).map((r) => shown(l, r)));
  const alone = lefts.filter((l) => !rights.some((r) => meet(l, r)));
  const rightAlone = rights.filter((r) => !lefts.some((l) => meet(l, r)));
  switch (how) {
    case 'semi':
      return lefts.filter((l) => !alone.includes(l)).map((l) => shown(l, null));
    case 'anti':
      return alone.map((l) => shown(l, null));
    default:
      return [
        ...pairs,
        ...(how === 'left' || how === 'full' ? alone.map((l) => shown(l, null)) : []),
        ...(how === 'right' || how === 'full' ? rightAlone.map((r) => shown(null, r)) : []),
      ];
  }
}

const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.oneof(
    fc.record({
      side: fc.constant(0 as const),
      key: fc.constantFrom('a', 'b'),
      at: fc.nat(20),
      of: fc.option(fc.nat(4), { freq: 4 }),
    }),
    fc.record({ side: fc.constant(1 as const), key: fc.constantFrom('a', 'b'), at: fc.nat(20), of: fc.nat(4) }),
  ),
  { maxLength: 24 },
);

describe('JO12: a pair for which the condition is false or null is none,', () => {
  test.each(types)('in a %s join by a range of time', async (how) => {
    await fc.assert(
      fc.asyncProperty(rows, async (drawn) => {
        const meet = (l: Row, r: Row): boolean => l.key === r.key && Math.abs(l.at - r.at) <= 5 && isAbove(l, r);
        await verifyOperator({
          subject: () => ({ make: () => joinOperator(joinNode({ how, ...within, condition: above })) }),
          barriersEverywhere: true,
          anyOrder: true,
          input: [...drawn.map((row) => itemOf(row)), watermark(11), watermark(Infinity)],
          output: { main: plain(drawn, how, meet) },
        });
      }),
      { numRuns: 10, seed: 11 },
    );
  });

  test.each(['inner', 'left', 'semi', 'anti'] as const)(
    'in a %s join with a table, for rows that waited and for others',
    async (how) => {
      await fc.assert(
        fc.asyncProperty(rows, fc.nat(24), async (drawn, after) => {
          const table = drawn.filter(({ side }) => side === 1);
          const stream = drawn.filter(({ side }) => side === 0);
          const [waiting, others] = [stream.slice(0, after), stream.slice(after)];
          await verifyOperator({
            subject: () => ({ make: () => tableJoinOperator(joinNode({ how, table: true, condition: above })) }),
            anyOrder: true,
            input: [
              ...[...waiting, ...table].map((row) => itemOf(row)),
              { kind: 'first read' },
              ...others.map((row) => itemOf(row)),
            ],
            output: { main: plain(drawn, how, (l, r) => l.key === r.key && isAbove(l, r)) },
          });
        }),
        { numRuns: 10, seed: 12 },
      );
    },
  );

  test.each(types)('in a %s join of rows that change', async (how) => {
    const lives = fc.tuple(rows, fc.array(fc.nat(), { maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(lives, async ([drawn, gone]) => {
        const input: TestItem[] = drawn.flatMap((row, i) => (i % 5 === 4 ? [itemOf(row), barrier()] : [itemOf(row)]));
        const there = [...drawn];
        for (const which of gone) {
          if (there.length === 0) break;
          const [row] = there.splice(which % there.length, 1);
          input.push(itemOf(row!, rowKind.delete), ...(which % 3 === 0 ? [barrier()] : []));
        }
        const result = await verifyOperator({
          subject: () => ({ make: () => regularJoinOperator(joinNode({ how, regular: {}, condition: above })) }),
          input: [...input, barrier()],
          anyOrder: true,
        });
        expect(leftOf(result.rows)).toEqual(
          plain(there, how, (l, r) => l.key === r.key && isAbove(l, r))
            .map((row) => JSON.stringify(row))
            .sort(),
        );
      }),
      { numRuns: 15, seed: 13 },
    );
  });
});

/** What is left of rows that came and were taken back; one that was not there is an error. */
function leftOf(emitted: readonly { readonly kind: number; readonly row: object }[]): string[] {
  const there: string[] = [];
  for (const { kind, row } of emitted) {
    const shown = JSON.stringify(row);
    if (!takesBack(kind)) there.push(shown);
    else if (there.includes(shown)) there.splice(there.indexOf(shown), 1);
    else throw new Error(`${shown} was not there`);
  }
  return there.sort();
}

test('JO8: a row that changes only in what the condition reads does not go out again while the condition holds', async () => {
  const result = await verifyOperator({
    subject: () => ({ make: () => regularJoinOperator(joinNode({ how: 'left', regular: {}, condition: above })) }),
    input: [
      ...[itemOf(left('a', 1, 5)), itemOf(right('a', 2, 3)), barrier()],
      ...[itemOf(left('a', 1, 5), rowKind.delete), itemOf(left('a', 1, 9)), barrier()],
      ...[itemOf(left('a', 1, 9), rowKind.delete), itemOf(left('a', 1, 2)), barrier()],
    ],
  });
  expect(result.rows.map(({ kind, row }) => [takesBack(kind) ? '-' : '+', Object.values(row)])).toEqual([
    ['+', ['a', 1, 'a', 2]],
    ['-', ['a', 1, 'a', 2]],
    ['+', ['a', 1, null, null]],
  ]);
});

describe('a function in a condition that throws sets the row aside that came later, of which then nothing is left,', () => {
  const picky = (l: number | null, r: number | null): boolean => {
    if (l === 7 && r === 3) throw new Error('seven and three');
    return l! > r!;
  };
  const condition: ExprNode = heldTo('boolean', callExpr(picky as never, [value, n]), 'where');
  const cases: readonly (readonly [string, (node: JoinNode) => ReturnType<typeof joinOperator>, Partial<JoinNode>])[] = [
    ['in a join by a range of time', joinOperator, within],
    ['in a join of rows that change', regularJoinOperator, { regular: {} }],
  ];
  test.each(cases)('%s', async (_, make, parts) => {
    const input = [right('a', 2, 1), right('a', 2, 3), left('a', 1, 7), left('a', 1, 8), right('a', 3, 3)].map((row) =>
      itemOf(row),
    );
    const { dead, rows: emitted } = await verifyOperator({
      subject: () => ({ make: () => make(joinNode({ ...parts, condition })) }),
      input: [...input, barrier()],
      anyOrder: true,
    });
    expect(dead.map(({ error }) => error)).toEqual([expect.stringContaining('seven and three')]);
    expect(emitted.map(({ row }) => Object.values(row))).toEqual([
      ['a', 1, 'a', 2],
      ['a', 1, 'a', 2],
      ['a', 1, 'a', 3],
    ]);
  });

  test('in a join with a table, whether it waited or not', async () => {
    const { dead, rows: emitted } = await verifyOperator({
      subject: () => ({ make: () => tableJoinOperator(joinNode({ table: true, condition })) }),
      input: [
        ...[left('a', 1, 7), left('a', 1, 4), right('a', 2, 3)].map((row) => itemOf(row)),
        { kind: 'first read' },
        ...[left('a', 4, 7), left('a', 4, 5)].map((row) => itemOf(row)),
      ],
    });
    expect(dead.map(({ error }) => error)).toEqual([
      expect.stringContaining('seven and three'),
      expect.stringContaining('seven and three'),
    ]);
    expect(emitted.map(({ row }) => Object.values(row))).toEqual([
      ['a', 1, 'a', 2],
      ['a', 4, 'a', 2],
    ]);
  });
});
test('a condition reads texts, times and keys of both rows', async () => {
  const key = columnExpr(['left', 'key'], { type: text, nullable: false });
  const other = columnExpr(['right', 'other'], { type: text, nullable: true });
  await verifyOperator({
    subject: () => ({
      make: () => joinOperator(joinNode({ ...within, keys: [['at'], ['seen']], condition: applyExpr('lt', key, other) })),
    }),
    input: [left('b', 1, 0), right('a', 1, 0), right('b', 1, 0), right('ü', 1, 0)].map((row) => itemOf(row)),
    output: { main: [{ key: 'b', at: 1, other: 'ü', seen: 1 }] },
  });
});
