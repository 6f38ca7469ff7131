/** A program that writes to a job's stores until it is killed, and says on its output what was confirmed. */
import { packValue } from '../../../src/batch/index.ts';
import { type JobStores, openLevelStores } from '../../../src/state/index.ts';
import { blobOf } from './written-values.ts';

async function main(directory: string): Promise<void> {
  const stores = await openLevelStores(directory);
  const cell = await stores.pointers.read('checkpoint');
  let revision = cell?.revision ?? 0;
  process.stdout.write(`open ${process.pid}\n`);
  for (let n = revision + 1; ; n++) {
    await Promise.all([
      stores.blobs.put(`chunk/${n}/a`, blobOf(n)),
      stores.blobs.put(`chunk/${n}/b`, blobOf(n)),
      appendOnce(stores, n),
    ]);
    revision = (await stores.pointers.compareAndSet('checkpoint', revision, packValue(n)))!;
    if (n > 4) await stores.blobs.delete([`chunk/${n - 4}/a`]);
    process.stdout.write(`confirmed ${n}\n`);
  }
}

/** A round that was cut short may have its line already. */
async function appendOnce({ journal }: JobStores, n: number): Promise<void> {
  if ((await journal.end('lines')) < n) await journal.append('lines', [packValue(n)]);
}

await main(process.argv[2]!);
