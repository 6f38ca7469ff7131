import { describe, expect, it } from 'vitest';
import { packValue } from '../../src/batch/index.ts';
import { blobsOf, type ChunkRef, decodeManifest, encodeManifest, type Manifest, manifestFormat } from '../../src/state/index.ts';

const chunk = (id: string): ChunkRef => ({
  id,
  bytes: 10,
  crc: 7,
  operator: 'op',
  kind: 'delta',
  groups: [
    [0, 4],
    [6, 8],
  ],
  span: 8,
});
const counters = { rowsIn: 1, rowsOut: 2, late: 3, deadLetters: 4, duplicates: 5 };
const part = { operator: 'op', subtask: 0, groups: [0, 8], watermark: -Infinity, splits: [] } as const;
const manifest: Manifest = {
  format: manifestFormat,
  job: 'job',
  incarnation: 'f'.repeat(32),
  generation: 2,
  epoch: 9,
  time: 1,
  finished: false,
  parallelism: 1,
  keyGroups: 8,
  keyHashVersion: 1,
  states: { op: 'count' },
  operators: {
    op: [{ ...part, value: 'blob/1', chunks: [chunk('c/1'), chunk('c/2')] }],
    other: [{ ...part, value: new Uint8Array([1]), chunks: [chunk('c/3')] }],
  },
  emitted: { 500: 1000 },
  totals: { ...counters, checkpoints: 5, restores: 6 },
};

describe('a manifest', () => {
  it('M1: lists every blob that its restore needs', () => {
    expect(blobsOf(manifest).toSorted()).toEqual(['blob/1', 'c/1', 'c/2', 'c/3']);
  });
  it('M2: is read as it was written, or refused; one of before duplicates were counted has none', () => {
    expect(decodeManifest(encodeManifest(manifest), 'x')).toEqual(manifest);
    const { duplicates: _, ...older } = manifest.totals;
    expect(decodeManifest(encodeManifest({ ...manifest, totals: older as typeof manifest.totals }), 'x').totals.duplicates).toBe(
      0,
    );
    expect(() => decodeManifest(encodeManifest({ ...manifest, format: 99 }), 'x')).toThrow(
      expect.objectContaining({ code: 'E_STATE_INCOMPATIBLE' }),
    );
    expect(() => decodeManifest(encodeManifest(manifest).subarray(0, 50), 'x')).toThrow(
      expect.objectContaining({ code: 'E_STATE_DAMAGED' }),
    );
    expect(() => decodeManifest(packValue('something else'), 'x')).toThrow(expect.objectContaining({ code: 'E_STATE_DAMAGED' }));
  });
});
