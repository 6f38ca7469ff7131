/** What every store of blobs does. */
import { describe, expect, it } from 'vitest';
import type { BlobStore } from '../../src/state/index.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const said = (value: Uint8Array): string => new TextDecoder().decode(value);
const damaged = { code: 'E_STATE_DAMAGED' };

/** @param blobs of the test that runs, empty at its begin */
export function describeBlobs(blobs: () => BlobStore, reopen: () => Promise<void>): void {
  describe('blobs', () => {
    it('S1: gives back what was put, of any length, after a reopen too', async () => {
      const lengths = [0, 1, 1000, 256 * 1024, 256 * 1024 + 1, 2_500_000];
      const values = lengths.map((length, i) => new Uint8Array(length).map((_, at) => (at * 31 + i) & 255));
      await Promise.all(values.map((bytes, i) => blobs().put(`a/${i}`, bytes)));
      await reopen();
      for (const [i, bytes] of values.entries()) expect(Buffer.compare(await blobs().get(`a/${i}`), bytes)).toBe(0);
    });
    it('S2: says that a missing blob is damage, and names it', async () => {
      await expect(blobs().get('no/such')).rejects.toMatchObject({
        ...damaged,
        message: expect.stringContaining('no/such'),
      });
    });
    it('S6: takes the same bytes again, and refuses others', async () => {
      await blobs().put('x', text('one'));
      await blobs().put('x', text('one'));
      await expect(blobs().put('x', text('two'))).rejects.toMatchObject({ code: 'E_INTERNAL' });
      expect(said(await blobs().get('x'))).toBe('one');
    });
    it('S6: two puts of one id at the same time do not mix', async () => {
      const results = await Promise.allSettled([
        blobs().put('x', new Uint8Array(600_000).fill(1)),
        blobs().put('x', new Uint8Array(600_000).fill(2)),
      ]);
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
      expect((await blobs().get('x')).every((byte) => byte === 1)).toBe(true);
    });
    it('S6: refuses an id that is not path-like', async () => {
      for (const id of ['', '/a', 'a/', 'a b', 'a!b', 'ü'])
        await expect(blobs().put(id, text('x'))).rejects.toMatchObject({ code: 'E_INTERNAL' });
    });
    it('lists by prefix, in order, and forgets what was deleted', async () => {
      for (const id of ['b/2', 'a/1', 'b/1', 'b', 'b/1x', 'c']) await blobs().put(id, text(id));
      expect(await blobs().list('b/')).toEqual(['b/1', 'b/1x', 'b/2']);
      await blobs().delete(['b/1', 'never/was']);
      expect(await blobs().list('')).toEqual(['a/1', 'b', 'b/1x', 'b/2', 'c']);
      await expect(blobs().get('b/1')).rejects.toMatchObject(damaged);
      await blobs().put('b/1', text('again'));
      expect(said(await blobs().get('b/1'))).toBe('again');
    });
    it('lists more than a page', async () => {
      const ids = Array.from({ length: 1100 }, (_, i) => `p/${String(i).padStart(5, '0')}`);
      await Promise.all(ids.map((id) => blobs().put(id, text(id))));
      expect(await blobs().list('p/')).toEqual(ids);
    });
    it('keeps its own copy', async () => {
      const bytes = text('before');
      const put = blobs().put('x', bytes);
      await put;
      bytes.fill(0);
      (await blobs().get('x')).fill(1);
      expect(said(await blobs().get('x'))).toBe('before');
    });
  });
}
