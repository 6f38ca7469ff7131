/**
 * Sees each move of a job's commit pointer on a simulated disk, and says what may never be, whatever comes out in the end.
 *
 * Holds: the generation and the epoch never go back; what the pointer keeps is there, manifests and chunks; from one
 * checkpoint to the next no split goes back, and no operator's watermark, unless its input had ended: a restored one says so anew.
 */
import { unpackValue } from '../../batch/index.ts';
import { checkpointCell, manifestId, type Pointer } from '../../coordinator/index.ts';
import { blobsOf, decodeManifest, type Manifest, type MemoryDisk } from '../../state/index.ts';

export class CheckpointWitness {
  readonly #disk: MemoryDisk;
  readonly #say: (violation: string) => void;
  #pointer: Pointer | null = null;
  #newest: Manifest | null = null;
  /** By what is on the disk. */
  readonly #manifests = new WeakMap<object, Manifest>();

  constructor(disk: MemoryDisk, say: (violation: string) => void) {
    this.#disk = disk;
    this.#say = say;
  }

  /** A cell holds this from now on. */
  moved(cell: string, value: Uint8Array): void {
    if (cell !== checkpointCell) return;
    const pointer = unpackValue(value) as Pointer;
    const before = this.#pointer;
    this.#pointer = pointer;
    for (const rising of ['generation', 'epoch'] as const)
      if (before !== null && pointer[rising] < before[rising])
        this.#say(
          `the pointer goes back: ${rising} ${pointer[rising]} after ${before[rising]}, by generation ${pointer.generation}`,
        );
    if (before?.finished === true && !pointer.finished)
      this.#say(`the job had finished, and goes on as generation ${pointer.generation}`);
    this.keeps();
    if (pointer.epoch > (before?.epoch ?? 0)) this.#follows(this.#manifest(pointer.epoch));
  }

  /** All is there that the pointer names. */
  keeps(): void {
    for (const epoch of this.#pointer?.kept ?? []) {
      const manifest = this.#manifest(epoch);
      if (manifest === null) this.#say(`epoch ${epoch} is kept, and its manifest is not there`);
      const missing = manifest === null ? undefined : blobsOf(manifest).find((id) => !this.#disk.blobs.has(id));
      if (missing !== undefined) this.#say(`epoch ${epoch} is kept, and its blob ${missing} is not there`);
    }
  }

  #manifest(epoch: number): Manifest | null {
    const found = this.#disk.blobs.get(manifestId(epoch));
    if (found === undefined) return null;
    const known = this.#manifests.get(found);
    if (known !== undefined) return known;
    const manifest = decodeManifest(found.bytes, `epoch ${epoch}`);
    this.#manifests.set(found, manifest);
    return manifest;
  }

  #follows(manifest: Manifest | null): void {
    const before = this.#newest;
    this.#newest = manifest;
    if (manifest === null || before === null) return;
    const [was, is] = [recordsOf(before), recordsOf(manifest)];
    for (const [split, records] of was)
      if ((is.get(split) ?? -1) < records)
        this.#say(
          `split ${split} goes back from epoch ${before.epoch} to ${manifest.epoch}: ${is.get(split)} records after ${records}`,
        );
    for (const operator of Object.keys(before.operators)) {
      const [old, now] = [watermarkOf(before, operator), watermarkOf(manifest, operator)];
      if (now === -Infinity && rests(manifest)) continue;
      if (now < old && old !== Number.POSITIVE_INFINITY)
        this.#say(`the watermark of ${operator} goes back from epoch ${before.epoch} to ${manifest.epoch}: ${now} after ${old}`);
    }
  }
}

/** Of each split of each source: records before its position. */
function recordsOf({ operators }: Manifest): Map<string, number> {
  const records = new Map<string, number>();
  for (const [operator, parts] of Object.entries(operators))
    for (const { splits } of parts) for (const split of splits) records.set(`${operator} ${split.split}`, split.records);
  return records;
}

const watermarkOf = ({ operators }: Manifest, operator: string): number =>
  (operators[operator] ?? []).reduce((least, { watermark }) => Math.min(least, watermark), Number.POSITIVE_INFINITY);

/** A subtask of a source has had nothing new since a run was over that read what was there: in its chain no watermark is said yet. */
function rests({ operators }: Manifest): boolean {
  const parts = Object.values(operators).flat();
  return parts.some(({ splits }) => splits.length > 0 && splits.every(({ drained, records }) => drained === records));
}
