/** What the tests of damage and of kills write: every value can be told from its number. */
import { unpackValue } from '../../../src/batch/index.ts';
import { seededRandom, WeirError } from '../../../src/core/index.ts';
import type { JobStores } from '../../../src/state/index.ts';

/** Random bytes, so that they are not compressed away; some longer than a piece. */
export function blobOf(n: number): Uint8Array {
  const random = seededRandom(n);
  const bytes = new Uint8Array(n % 5 === 0 ? 300_000 : 500 + n);
  for (let i = 0; i < bytes.length; i += 4)
    new DataView(bytes.buffer).setUint32(Math.min(i, bytes.length - 4), Math.floor(random.next() * 2 ** 32));
  return bytes;
}

/** Null if all of `check` went well or found damage and said so; otherwise what was wrong. */
export async function wrongUnlessDamaged(check: () => Promise<string | null>): Promise<string | null> {
  try {
    return await check();
  } catch (thrown) {
    if (thrown instanceof WeirError && thrown.code === 'E_STATE_DAMAGED') return null;
    return `it failed with ${String(thrown)} (${thrown instanceof WeirError ? thrown.code : 'no code'})`;
  }
}

/** What is wrong with the stores after `confirmed` rounds of store-writer.ts, or null. */
export async function wrongIn(stores: JobStores, confirmed: number): Promise<string | null> {
  const pointer = await wrongUnlessDamaged(async () => {
    const cell = await stores.pointers.read('checkpoint');
    if (cell === null) return confirmed === 0 ? null : `the pointer is gone, ${confirmed} was confirmed`;
    const n = unpackValue(cell.value) as number;
    return n >= confirmed && n <= confirmed + 1 && cell.revision === n
      ? null
      : `the pointer says ${n} in revision ${cell.revision}, ${confirmed} was confirmed`;
  });
  return (
    pointer ??
    (await wrongUnlessDamaged(() => wrongBlob(stores, confirmed))) ??
    (await wrongUnlessDamaged(() => wrongLine(stores, confirmed)))
  );
}

async function wrongBlob(stores: JobStores, confirmed: number): Promise<string | null> {
  for (let n = 1; n <= confirmed; n++) {
    for (const part of n > confirmed - 4 ? ['a', 'b'] : ['b']) {
      const wrong = await wrongUnlessDamaged(async () =>
        Buffer.compare(await stores.blobs.get(`chunk/${n}/${part}`), blobOf(n)) === 0 ? null : `blob ${n} is another`,
      );
      if (wrong !== null) return wrong;
    }
  }
  return null;
}

async function wrongLine(stores: JobStores, confirmed: number): Promise<string | null> {
  const end = await stores.journal.end('lines');
  if (end < confirmed) return `the journal ends at ${end}, ${confirmed} lines were confirmed`;
  for (let at = 0; at < confirmed; at++) {
    const wrong = await wrongUnlessDamaged(async () => {
      const [entry] = await stores.journal.read('lines', at, 1);
      const n = entry === undefined ? undefined : unpackValue(entry.value);
      return n === at + 1 ? null : `line ${at} says ${String(n)}`;
    });
    if (wrong !== null) return wrong;
  }
  return null;
}
