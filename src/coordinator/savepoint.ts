/**
 * A checkpoint that outlives its job: a copy of all that it needs, in stores of its own.
 *
 * Invariants: SP1 the pointer is written last: a copy that was cut short is no checkpoint.
 */
import { packValue } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import { blobsOf, encodeManifest, type JobStores, type JournalExtent, type Manifest } from '../state/index.ts';
import { checkpointCell, CheckpointStore, manifestId, type Pointer } from './checkpoint-store.ts';

/** Which savepoint a job's state began from. */
const originCell = 'origin';
const entriesAtATime = 1024;

/** Copies a checkpoint into stores that are empty, but for what an earlier copy of it may have left. */
export async function copyCheckpoint(manifest: Manifest, pointer: Pointer, from: JobStores, to: JobStores): Promise<void> {
  for (const id of blobsOf(manifest)) await to.blobs.put(id, await from.blobs.get(id));
  for (const extent of await from.journal.list()) await copyJournal(extent, from, to);
  await to.blobs.put(manifestId(manifest.epoch), encodeManifest(manifest));
  const revision = await to.pointers.compareAndSet(checkpointCell, 0, packValue(pointer));
  if (revision === null) throw new WeirError('E_USAGE', 'there is a checkpoint already where one was to be copied to');
}

/** Entries that were written after the checkpoint go too: they were taken from their source for good. */
async function copyJournal({ name, first, end }: JournalExtent, from: JobStores, to: JobStores): Promise<void> {
  // A copy that was cut short goes on where it was.
  const begun = (await to.journal.list()).find((other) => other.name === name);
  if (begun === undefined) await to.journal.begin(name, first);
  for (let at = begun?.end ?? first; at < end; ) {
    const entries = await from.journal.read(name, at, Math.min(entriesAtATime, end - at));
    await to.journal.append(
      name,
      entries.map(({ value }) => value),
    );
    at += entries.length;
  }
}

/**
 * Fills the empty stores of a job from a savepoint, so that the job's first start goes on from there. Stores that were filled
 * from it before, and have gone on since, are left as they are: the same command may be given again.
 *
 * @throws WeirError `E_USAGE` if there is no savepoint, or the job has a state of its own
 */
export async function copySavepoint(from: JobStores, to: JobStores): Promise<void> {
  const saved = new CheckpointStore(from);
  await saved.load();
  await saved.pinned(async (manifest, pointer) => {
    const origin = packValue([manifest.incarnation, manifest.epoch]);
    const known = await to.pointers.read(originCell);
    if ((await to.pointers.read(checkpointCell)) === null) {
      await to.pointers.compareAndSet(originCell, known?.revision ?? 0, origin);
      await copyCheckpoint(manifest, pointer, from, to);
    } else if (known === null || Buffer.compare(known.value, origin) !== 0) {
      throw new WeirError('E_USAGE', 'the job has a state of its own, and would not begin from the savepoint', {
        hint: 'leave --from-savepoint out to go on, or add --fresh to forget the state',
      });
    }
  });
}
