/** What every implementation of the three ports does. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobStores } from '../../src/state/index.ts';
import { describeBlobs } from './blob-contract.ts';

export interface StoreFixture {
  open(): Promise<JobStores>;
  dispose(): Promise<void>;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const said = (value: Uint8Array): string => new TextDecoder().decode(value);
const damaged = { code: 'E_STATE_DAMAGED' };

export function describeStores(name: string, make: () => Promise<StoreFixture>): void {
  describe(name, () => {
    let fixture: StoreFixture;
    let stores: JobStores;
    beforeEach(async () => {
      fixture = await make();
      stores = await fixture.open();
    });
    afterEach(async () => {
      await stores.close();
      await fixture.dispose();
    });
    const reopen = async (): Promise<void> => {
      await stores.close();
      stores = await fixture.open();
    };

    describeBlobs(() => stores.blobs, reopen);

    describe('pointers', () => {
      it('a cell is null before its first write, then moves only from the revision it has', async () => {
        expect(await stores.pointers.read('cell')).toBeNull();
        expect(await stores.pointers.compareAndSet('cell', 1, text('no'))).toBeNull();
        const first = await stores.pointers.compareAndSet('cell', 0, text('one'));
        expect(await stores.pointers.compareAndSet('cell', 0, text('no'))).toBeNull();
        const second = await stores.pointers.compareAndSet('cell', first!, text('two'));
        expect(second).toBeGreaterThan(first!);
        await reopen();
        const cell = await stores.pointers.read('cell');
        expect([cell?.revision, said(cell!.value)]).toEqual([second, 'two']);
      });
      it('S13: of many at the same time from one revision, one wins', async () => {
        const tries = await Promise.all(
          Array.from({ length: 10 }, (_, i) => stores.pointers.compareAndSet('cell', 0, text(`${i}`))),
        );
        expect(tries.filter((revision) => revision !== null)).toHaveLength(1);
        expect(said((await stores.pointers.read('cell'))!.value)).toBe(String(tries.findIndex((revision) => revision !== null)));
      });
      it('cells are independent, and hold long values', async () => {
        const long = new Uint8Array(700_000).fill(7);
        const revision = await stores.pointers.compareAndSet('a/1', 0, long);
        await stores.pointers.compareAndSet(
          'a/1',
          revision!,
          long.map(() => 8),
        );
        await stores.pointers.compareAndSet('a/2', 0, new Uint8Array(0));
        await reopen();
        const cell = await stores.pointers.read('a/1');
        expect([cell?.value.length, cell?.value.every((byte) => byte === 8)]).toEqual([700_000, true]);
        expect((await stores.pointers.read('a/2'))?.value.length).toBe(0);
      });
    });

    describe('journal', () => {
      it('S15: numbers entries from 0 without holes, in the order of the calls', async () => {
        expect(await stores.journal.end('in')).toBe(0);
        const firsts = await Promise.all(
          ['a', 'b', 'c'].map((value) => stores.journal.append('in', [text(value), text(`${value}${value}`)])),
        );
        expect(firsts).toEqual([0, 2, 4]);
        await reopen();
        expect(await stores.journal.end('in')).toBe(6);
        expect((await stores.journal.read('in', 1, 4)).map((entry) => [entry.sequence, said(entry.value)])).toEqual([
          [1, 'aa'],
          [2, 'b'],
          [3, 'bb'],
          [4, 'c'],
        ]);
        expect(await stores.journal.read('in', 6, 10)).toEqual([]);
        expect(await stores.journal.end('other')).toBe(0);
      });
      it('refuses what was released, and what lies behind the end', async () => {
        await stores.journal.append('in', ['a', 'b', 'c'].map(text));
        await stores.journal.release('in', 2);
        await expect(stores.journal.read('in', 1, 1)).rejects.toMatchObject(damaged);
        await expect(stores.journal.read('in', 4, 1)).rejects.toMatchObject(damaged);
        await reopen();
        await expect(stores.journal.read('in', 0, 1)).rejects.toMatchObject(damaged);
        expect((await stores.journal.read('in', 2, 9)).map((entry) => said(entry.value))).toEqual(['c']);
      });
      it('S15: goes on counting after everything was released', async () => {
        await stores.journal.append(
          'in',
          Array.from({ length: 2500 }, (_, i) => text(`${i}`)),
        );
        await stores.journal.release('in', 9999);
        await reopen();
        expect(await stores.journal.end('in')).toBe(2500);
        expect(await stores.journal.append('in', [text('next')])).toBe(2500);
        expect((await stores.journal.read('in', 2500, 5)).map((entry) => said(entry.value))).toEqual(['next']);
      });
      it('S15: lists journals with what is left of them, and begins the copy of one where the other stands', async () => {
        expect(await stores.journal.list()).toEqual([]);
        await stores.journal.append('in', ['a', 'b', 'c'].map(text));
        await stores.journal.release('in', 2);
        await stores.journal.append('in/0', [text('y')]);
        await stores.journal.begin('copy', 2);
        await reopen();
        expect(await stores.journal.list()).toEqual([
          { name: 'copy', first: 2, end: 2 },
          { name: 'in', first: 2, end: 3 },
          { name: 'in/0', first: 0, end: 1 },
        ]);
        expect(await stores.journal.append('copy', [text('c')])).toBe(2);
        expect((await stores.journal.read('copy', 2, 5)).map((entry) => said(entry.value))).toEqual(['c']);
        await expect(stores.journal.begin('in', 7)).rejects.toThrow('S15');
      });
      it('keeps journals apart, whose names begin alike', async () => {
        await stores.journal.append('in', [text('x')]);
        await stores.journal.append('in/0', [text('y'), text('z')]);
        expect([await stores.journal.end('in'), await stores.journal.end('in/0')]).toEqual([1, 2]);
      });
    });

    it('refuses every call once it is closed', async () => {
      await stores.close();
      await expect(stores.blobs.put('x', text('x'))).rejects.toMatchObject({ code: 'E_STORE' });
      await expect(stores.pointers.read('x')).rejects.toMatchObject({ code: 'E_STORE' });
      await expect(stores.journal.append('x', [text('x')])).rejects.toMatchObject({ code: 'E_STORE' });
      stores = await fixture.open();
    });

    it('S1: any sequence of operations and reopenings leaves what a map would hold', async () => {
      const id = fc.constantFrom('a', 'b/1', 'b/2', 'c');
      const operation = fc.oneof(
        fc.record({ do: fc.constant('put' as const), id, value: fc.uint8Array({ maxLength: 40 }) }),
        fc.record({ do: fc.constant('delete' as const), id }),
        fc.record({ do: fc.constant('set' as const), id, value: fc.uint8Array({ maxLength: 40 }) }),
        fc.record({ do: fc.constant('append' as const), id, value: fc.uint8Array({ maxLength: 40 }) }),
        fc.record({ do: fc.constant('reopen' as const) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 25, size: 'max' }), async (operations) => {
          await stores.close();
          await fixture.dispose();
          fixture = await make();
          stores = await fixture.open();
          const blobs = new Map<string, Uint8Array>();
          const cells = new Map<string, { revision: number; value: Uint8Array }>();
          const journals = new Map<string, Uint8Array[]>();
          for (const operation of operations) {
            if (operation.do === 'reopen') await reopen();
            else if (operation.do === 'put' && !blobs.has(operation.id)) {
              blobs.set(operation.id, operation.value);
              await stores.blobs.put(operation.id, operation.value);
            } else if (operation.do === 'delete') {
              blobs.delete(operation.id);
              await stores.blobs.delete([operation.id]);
            } else if (operation.do === 'set') {
              const revision = await stores.pointers.compareAndSet(
                operation.id,
                cells.get(operation.id)?.revision ?? 0,
                operation.value,
              );
              cells.set(operation.id, { revision: revision!, value: operation.value });
            } else if (operation.do === 'append') {
              const journal = journals.get(operation.id) ?? [];
              journals.set(operation.id, journal);
              expect(await stores.journal.append(operation.id, [operation.value])).toBe(journal.length);
              journal.push(operation.value);
            }
          }
          expect(await stores.blobs.list('')).toEqual([...blobs.keys()].sort());
          for (const [key, value] of blobs) expect([...(await stores.blobs.get(key))]).toEqual([...value]);
          for (const [key, cell] of cells) expect({ ...(await stores.pointers.read(key)) }).toEqual(cell);
          for (const [key, values] of journals)
            expect((await stores.journal.read(key, 0, 99)).map((entry) => [...entry.value])).toEqual(
              values.map((value) => [...value]),
            );
        }),
        { numRuns: 15, seed: 7 },
      );
    });
  });
}
