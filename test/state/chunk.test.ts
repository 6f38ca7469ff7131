import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from 'node:zlib';
import { ChunkBuilder, chunkCrc, readChunk } from '../../src/state/chunk.ts';
import { type ChunkRef, counts, liveGroups, within, without } from '../../src/state/chunk-ref.ts';
import { recordsOf } from './state-fixture.ts';
import { dropped, recordKind, type StateRecord, tombstone } from '../../src/state/state-record.ts';

const namespace = fc.oneof(fc.constantFrom(0, -0, 1.5, -Infinity, 2 ** 53), fc.maxSafeInteger());
const put = fc
  .record({ namespace, key: fc.string(), value: fc.uint8Array({ maxLength: 20 }) })
  .map((fields): StateRecord => ({ kind: recordKind.put, ...fields }));
const record = fc.oneof(
  put,
  fc.tuple(namespace, fc.string()).map(([space, key]) => tombstone(space, key)),
  namespace.map(dropped),
);
const tables = [
  { name: 'a', codecId: 'a:1' },
  { name: 'b', codecId: 'b:1' },
];
const section = fc.record({
  group: fc.nat(9),
  table: fc.constantFrom(...tables),
  records: fc.array(record, { minLength: 1, maxLength: 5 }),
});
const sections = fc.uniqueArray(section, { selector: ({ group, table }) => `${group}${table.name}`, maxLength: 6 });

function built(
  parts: readonly { readonly group: number; readonly table: (typeof tables)[number]; readonly records: readonly StateRecord[] }[],
): Uint8Array | null {
  const builder = new ChunkBuilder('op', 16);
  for (const { group, table, records } of parts) {
    builder.at(group, table);
    for (const record of records) expect(builder.add(record)).toBeNull();
  }
  return builder.finish();
}

describe('a chunk', () => {
  it('S18: gives back every section and record that was put into it', () => {
    fc.assert(
      fc.property(sections, (given) => {
        const parts = given.toSorted((a, b) => a.group - b.group || (a.table.name < b.table.name ? -1 : 1));
        const bytes = built(parts);
        if (bytes === null) return void expect(parts).toEqual([]);
        const chunk = readChunk(bytes, 'x');
        expect([chunk.operator, chunk.keyGroups]).toEqual(['op', 16]);
        expect(chunk.sections.map((read) => ({ group: read.group, table: read.table, records: recordsOf(read) }))).toEqual(parts);
        expect(chunk.sections.map(({ count }) => count)).toEqual(parts.map(({ records }) => records.length));
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('S18: is refused when anything in it was changed or cut', () => {
    const bytes = built([
      { group: 1, table: tables[0]!, records: [{ kind: recordKind.put, namespace: 0, key: 'k', value: new Uint8Array(9) }] },
    ])!;
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 4;
      expect(() => readChunk(changed, 'x'), `byte ${at}`).toThrow(expect.objectContaining({ code: 'E_STATE_DAMAGED' }));
      expect(() => readChunk(bytes.slice(0, at), 'x'), `${at} bytes`).toThrow(
        expect.objectContaining({ code: 'E_STATE_DAMAGED' }),
      );
    }
  });

  it('S18: of another format version is refused as such', () => {
    const bytes = built([{ group: 1, table: tables[0]!, records: [dropped(0)] }])!;
    bytes[4] = 2;
    const body = bytes.subarray(0, bytes.length - 4);
    new DataView(bytes.buffer).setUint32(body.length, crc32(body), true);
    expect(chunkCrc(bytes)).toBe(crc32(body));
    expect(() => readChunk(bytes, 'x')).toThrow(
      expect.objectContaining({ code: 'E_STATE_INCOMPATIBLE', message: 'chunk x: its format was 2, is 1' }),
    );
  });
});

describe('a reference to a chunk', () => {
  const range = fc.tuple(fc.nat(20), fc.nat(20)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const whole: ChunkRef = { id: 'x', bytes: 1, crc: 0, operator: 'op', kind: 'delta', groups: [[0, 20]], span: 20 };

  it('S19: counts for exactly the groups that are left after any cutting', () => {
    const cut = fc.record({ keep: fc.boolean(), range });
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 8 }), (cuts) => {
        const left = new Set(Array.from({ length: 20 }, (_, group) => group));
        let ref: ChunkRef | null = whole;
        for (const {
          keep,
          range: [from, to],
        } of cuts) {
          for (const group of [...left]) if ((group >= from && group < to) !== keep) left.delete(group);
          ref = ref === null ? null : keep ? within(ref, [from, to]) : without(ref, [from, to]);
        }
        if (ref === null) return void expect(left.size).toBe(0);
        expect(liveGroups(ref)).toBe(left.size);
        for (let group = -1; group <= 20; group++) expect(counts(ref, group)).toBe(left.has(group));
        ref.groups.forEach(([from, to], i) => expect(from < to && (i === 0 || ref.groups[i - 1]![1] < from)).toBe(true));
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});
