import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema, type Batch, batchOf, batchSchema, decodeBatch, encodeBatch } from '../../src/batch/index.ts';
import { WeirError } from '../../src/core/index.ts';
import { anyDouble, expectSame, filled, someOf } from './arbitraries.ts';

const rowsOf = (batch: Batch): object[] => Array.from({ length: batch.length }, (_, i) => batch.row(i));
const systemOf = (batch: Batch): unknown[] =>
  Array.from({ length: batch.length }, (_, i) => [batch.stamp(i), batch.kind(i), batch.position(i)]);
const damaged = expect.objectContaining({ code: 'E_CHANNEL' });

/** A batch with everything in it, system columns and a selection included. */
const anyBatch: fc.Arbitrary<Batch> = filled.chain(({ schema, rows }) => {
  const each = <T>(value: fc.Arbitrary<T>) =>
    fc.option(fc.array(value, { minLength: rows.length, maxLength: rows.length }), { nil: undefined });
  return fc
    .record({
      stamps: each(
        fc.oneof(
          anyDouble.filter((n) => !Number.isNaN(n)),
          fc.constantFrom(1, 1, 2),
        ),
      ),
      kinds: each(fc.nat(2)),
      records: each(fc.nat(99)),
      split: fc.option(fc.string()),
      first: fc.nat(),
      advances: fc.boolean(),
      emission: fc.option(fc.nat()),
      kept: fc.option(someOf(rows.length)),
    })
    .map(({ stamps, kinds, records, split, first, advances, emission, kept }) => {
      const batch = batchOf(schema, rows, {
        ...(stamps && { stamps: Float64Array.from(stamps) }),
        ...(kinds && { kinds: Uint8Array.from(kinds) }),
        ...(split !== null && { origin: { split, first, ...(records && { records: Int32Array.from(records) }) } }),
        advances,
        ...(emission !== null && { emission }),
      });
      return kept === null ? batch : batch.select(kept);
    });
});

describe('a batch message', () => {
  test('carries schema, rows, stamps, kinds and positions of the selected rows (B9)', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const decoded = decodeBatch(encodeBatch(batch));
        expectSame(decoded.schema, batch.schema);
        expect(decoded.selection).toBeUndefined();
        expect(decoded.system.advances).toBe(batch.system.advances);
        expect(decoded.system.emission).toBe(batch.system.emission);
        expectSame(rowsOf(decoded), rowsOf(batch));
        expect(systemOf(decoded)).toEqual(systemOf(batch));
      }),
      { numRuns: 200 },
    );
  });

  test('can be passed on: views of a decoded batch encode like any other (B9)', () => {
    fc.assert(
      fc.property(
        anyBatch.chain((batch) => fc.tuple(fc.constant(batch), someOf(batch.length))),
        ([batch, kept]) => {
          const twice = decodeBatch(encodeBatch(decodeBatch(encodeBatch(batch)).select(kept)));
          expectSame(rowsOf(twice), rowsOf(batch.select(kept)));
          expect(systemOf(twice)).toEqual(systemOf(batch.select(kept)));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is the same bytes for the same batch', () => {
    fc.assert(
      fc.property(anyBatch, (batch) => expectSame(encodeBatch(batch), encodeBatch(batch))),
      { numRuns: 30 },
    );
  });

  test('is read where it lies if it is aligned, and copied if not', () => {
    const schema = batchSchema([{ name: 'n', type: { kind: 'float64' }, nullable: false }]);
    const message = encodeBatch(batchOf(schema, [{ n: 1 }, { n: 2 }]));
    const column = decodeBatch(message).columns[0] as unknown as { values: Float64Array };
    expect(column.values.buffer).toBe(message.buffer);
    for (const offset of [1, 3, 8]) {
      const within = new Uint8Array(message.length + offset);
      within.set(message, offset);
      expect(rowsOf(decodeBatch(within.subarray(offset)))).toEqual([{ n: 1 }, { n: 2 }]);
    }
  });

  test('keeps the runs of stamps short', () => {
    const schema = batchSchema([{ name: 'b', type: { kind: 'bool' }, nullable: false }]);
    const rows = Array.from({ length: 1000 }, () => ({ b: true }));
    const message = encodeBatch(batchOf(schema, rows, { stamps: new Float64Array(1000).fill(5, 500) }));
    expect(message.length).toBeLessThan(1400);
  });

  test('refuses values that it cannot carry', () => {
    expect(() => encodeBatch(batchOf(anySchema, [{ a: new Map() }]))).toThrowError(expect.objectContaining({ code: 'E_VALUE' }));
  });
});

describe('a damaged message', () => {
  const sample = encodeBatch(
    batchOf(
      batchSchema([
        { name: 'n', type: { kind: 'int64' }, nullable: true },
        { name: 's', type: { kind: 'string' }, nullable: true },
        { name: 'l', type: { kind: 'list', of: { type: { kind: 'bytes' }, nullable: true } }, nullable: true },
        { name: 'o', type: { kind: 'struct', fields: [{ name: 'x', type: { kind: 'any' }, nullable: true }] }, nullable: true },
      ]),
      [{ n: 1, s: 'ü', l: [Uint8Array.of(1), null], o: { x: { deep: [1] } } }, {}, { n: -1, s: 'z', l: [], o: {} }],
      { stamps: Float64Array.of(1, 1, 2), origin: { split: 's', first: 0 }, kinds: Uint8Array.of(0, 1, 2) },
    ),
  );

  test('is E_CHANNEL wherever it was cut (B10)', () => {
    for (let length = 0; length < sample.length; length++)
      expect(() => decodeBatch(sample.slice(0, length))).toThrowError(damaged);
    expect(() => decodeBatch(new Uint8Array([...sample, 0]))).toThrowError(damaged);
  });

  test('is E_CHANNEL whichever byte was changed (B10)', () => {
    for (let i = 0; i < sample.length; i++) {
      const changed = sample.slice();
      changed[i]! ^= 1 << (i % 8);
      expect(() => decodeBatch(changed), `byte ${i}`).toThrowError(damaged);
    }
  });

  test('is E_CHANNEL if it is garbage (B10)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => decodeBatch(new Uint8Array(bytes))).toThrowError(damaged);
      }),
      { numRuns: 100 },
    );
  });

  test('neither crashes nor hangs even if its checksum agrees (B10)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 16, max: sample.length - 1 }), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (changes) => {
          const changed = sample.slice();
          for (const [at, byte] of changes) changed[at] = byte;
          new DataView(changed.buffer).setUint32(8, crc32(changed.subarray(12)), true);
          try {
            rowsOf(decodeBatch(changed));
          } catch (error) {
            expect(error).toBeInstanceOf(WeirError);
            expect(['E_CHANNEL', 'E_VALUE']).toContain((error as WeirError).code);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});
