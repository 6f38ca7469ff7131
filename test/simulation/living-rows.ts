/** What the last checkpoint of a job holds, counted from its chunks: state that should be gone is a leak. */
import { unpackValue } from '../../src/batch/index.ts';
import { checkpointCell, manifestId } from '../../src/coordinator/index.ts';
import { counts, fetchChunk } from '../../src/state/chunk-ref.ts';
import { decodeManifest, type MemoryDisk, openMemoryStores } from '../../src/state/index.ts';
import { recordKind } from '../../src/state/state-record.ts';

/** Operator and table → entries. */
export async function livingRows(disk: MemoryDisk): Promise<ReadonlyMap<string, number>> {
  const { blobs, pointers } = openMemoryStores(disk);
  const { epoch } = unpackValue((await pointers.read(checkpointCell))!.value) as { epoch: number };
  const manifest = decodeManifest(await blobs.get(manifestId(epoch)), 'the last checkpoint');
  const rows = new Map<string, number>();
  for (const [operator, parts] of Object.entries(manifest.operators)) {
    const settled = new Set<string>();
    for (const ref of parts.flatMap((part) => part.chunks).toReversed())
      for (const { group, table, read } of (await fetchChunk(ref, blobs)).sections) {
        if (!counts(ref, group)) continue;
        const place = `${operator} ${table.name}`;
        const of = `${place} ${group}`;
        const drops: number[] = [];
        for (const record = read(); record.next(); ) {
          const { kind, namespace, key } = record;
          if (kind === recordKind.drop) drops.push(namespace);
          else if (!settled.has(`${of} ${namespace}`) && !settled.has(`${of} ${namespace} ${key}`)) {
            settled.add(`${of} ${namespace} ${key}`);
            if (kind === recordKind.put) rows.set(place, (rows.get(place) ?? 0) + 1);
          }
        }
        for (const namespace of drops) settled.add(`${of} ${namespace}`);
      }
  }
  return rows;
}
