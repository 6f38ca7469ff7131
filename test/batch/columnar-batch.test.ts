import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema, type Batch, batchOf, batchSchema, rowKind } from '../../src/batch/index.ts';
import { expectSame, filled, someOf } from './arbitraries.ts';

const schema = batchSchema([
  { name: 'id', type: { kind: 'int64' }, nullable: false },
  { name: 'text', type: { kind: 'string' }, nullable: true },
]);
const five = Array.from({ length: 5 }, (_, id) => ({ id, text: id === 2 ? null : `t${id}` }));
const rowsOf = (batch: Batch): object[] => Array.from({ length: batch.length }, (_, i) => batch.row(i));

describe('a batch', () => {
  test('gives fresh rows of one shape, in the order of the schema', () => {
    const batch = batchOf(schema, [{ text: 'x', id: 1 }]);
    expect(Object.keys(batch.row(0))).toEqual(['id', 'text']);
    expect(batch.row(0)).not.toBe(batch.row(0));
    expect(Object.getPrototypeOf(batch.row(0))).toBe(Object.prototype);
  });

  test('reads a column by name, once resolved, through the selection', () => {
    const view = batchOf(schema, five).select(Int32Array.of(1, 2, 4));
    const read = view.reader('text');
    expect([read(0), read(1), read(2)]).toEqual(['t1', null, 't4']);
    expect(view.value('id', 2)).toBe(4);
    expect(() => view.reader('missing')).toThrowError(expect.objectContaining({ code: 'E_SCHEMA' }));
  });

  test('selects and slices by logical rows, as an array would', () => {
    fc.assert(
      fc.property(
        filled.chain((data) => fc.tuple(fc.constant(data), someOf(data.rows.length), fc.nat(20), fc.nat(20))),
        ([{ schema: of, rows }, kept, a, b]) => {
          const batch = batchOf(of, rows);
          const view = batch.select(kept);
          const whole = rowsOf(batch);
          const expected = Array.from(kept, (row) => whole[row]!);
          expectSame(rowsOf(view), expected);
          const [from, to] = [Math.min(a, b, kept.length), Math.min(Math.max(a, b), kept.length)];
          expectSame(rowsOf(view.slice(from, to)), expected.slice(from, to));
          expectSame(rowsOf(batch.slice(0, kept.length)), whole.slice(0, kept.length));
          expect(view.columns).toBe(batch.columns);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('speaks of physical rows in its system columns (B3)', () => {
    const batch = batchOf(schema, five, {
      stamps: Float64Array.of(10, 10, 20, 20, 30),
      kinds: Uint8Array.of(0, 1, 2, 0, 1),
      origin: { split: 'file:a', first: 100 },
    });
    const view = batch.select(Int32Array.of(1, 2, 4)).slice(1, 3);
    expect([view.stamp(0), view.kind(0), view.position(0), view.physical(0)]).toEqual([20, rowKind.delete, 'file:a#102', 2]);
    expect([view.stamp(1), view.kind(1), view.position(1), view.physical(1)]).toEqual([30, rowKind.update, 'file:a#104', 4]);
  });

  test('says what it does not know: no stamp (B4), insert, no position', () => {
    const batch = batchOf(schema, five);
    expect([batch.stamp(0), batch.kind(0), batch.position(0)]).toEqual([Number.NEGATIVE_INFINITY, rowKind.insert, '']);
  });

  test('counts records from an origin with gaps', () => {
    const batch = batchOf(schema, five, { origin: { split: 's', first: 7, records: Int32Array.of(0, 3, 4, 9, 10) } });
    expect(batch.select(Int32Array.of(3)).position(0)).toBe('s#16');
  });

  test('takes other system columns without losing its selection', () => {
    const view = batchOf(schema, five)
      .select(Int32Array.of(4))
      .withSystem({ stamps: Float64Array.of(1, 2, 3, 4, 5) });
    expect([view.length, view.stamp(0)]).toEqual([1, 5]);
  });

  test('refuses system columns of another length (B3)', () => {
    expect(() => batchOf(schema, five, { stamps: new Float64Array(4) })).toThrowError(/B3/);
    expect(() => batchOf(schema, five, { kinds: new Uint8Array(6) })).toThrowError(/B3/);
  });

  test('refuses rows that it does not have (B3)', () => {
    const batch = batchOf(schema, five);
    expect(() => batch.select(Int32Array.of(5))).toThrowError(/B3/);
    expect(() => batch.select(Int32Array.of(1)).select(Int32Array.of(1))).toThrowError(/B3/);
    expect(() => batch.slice(2, 6)).toThrowError(/B3/);
  });

  test('projects columns in the order that was asked for, without copying', () => {
    const batch = batchOf(schema, five, { kinds: Uint8Array.of(0, 1, 2, 0, 1) });
    const view = batch.select(Int32Array.of(1)).project(['text']);
    expect([view.row(0), view.kind(0)]).toEqual([{ text: 't1' }, 1]);
    expect(view.columns[0]).toBe(batch.columns[1]);
    expect(Object.keys(batch.project(['text', 'id']).row(0))).toEqual(['text', 'id']);
    expect(() => batch.project(['nope'])).toThrowError(expect.objectContaining({ code: 'E_SCHEMA' }));
  });

  test('costs in proportion to what is selected', () => {
    const batch = batchOf(schema, five);
    expect(batch.select(new Int32Array(0)).byteSize).toBe(0);
    expect(batch.select(Int32Array.of(1)).byteSize).toBeLessThan(batch.byteSize / 2);
  });
});

describe('a schemaless batch', () => {
  const values: readonly object[] = [{ a: 1, b: undefined }, { toString: 5 }, { a: null }];

  test('gives the values themselves', () => {
    expect(batchOf(anySchema, values).row(1)).toBe(values[1]);
  });

  test('reads properties; null where one is missing, undefined or only inherited', () => {
    const batch = batchOf(anySchema, values);
    expect([0, 1, 2].map(batch.reader('a'))).toEqual([1, null, null]);
    expect([0, 1, 2].map(batch.reader('toString'))).toEqual([null, 5, null]);
    expect(batch.value('b', 0)).toBeNull();
  });

  test('projects to objects of these properties only', () => {
    const view = batchOf(anySchema, values).select(Int32Array.of(0, 1)).project(['a']);
    expect([view.schema, view.row(0), view.row(1)]).toEqual([anySchema, { a: 1 }, { a: null }]);
  });
});
