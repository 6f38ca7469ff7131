/**
 * The commit pointer and the manifests behind it.
 *
 * Owns: which checkpoints exist, retention, and what is garbage. The pointer is one cell, moved by compare-and-set from the
 * revision that this coordinator read: another one that moved it in between makes every later move fail.
 * Invariants: CS1 a checkpoint exists only once the pointer names it; CS2 its manifest and chunks are durable before; CS3 nothing
 * that a retained manifest needs is deleted; CS4 a coordinator that lost the pointer stops; CS5 publishing and fencing take
 * turns: a checkpoint that is being published when its generation ends is complete, or never was, before the next one begins; CS6 a
 * coordinator that was replaced, and does not know it yet, deletes nothing of those that came after it.
 */
import { packValue, unpackValue } from '../batch/index.ts';
import { invariant, WeirError } from '../core/index.ts';
import type { RestoreFacts } from '../progress/index.ts';
import { blobsOf, decodeManifest, encodeManifest, type JobStores, type Manifest } from '../state/index.ts';

export const checkpointCell = 'checkpoint';
/** Checkpoints kept. */
export const retained = 3;
/** Numbers of epochs that are taken at a time: more than a generation opens between two checkpoints before it gives up. */
export const reservedEpochs = 16;
/** Checkpoints from one sweep to the next. */
const sweepEvery = 16;

export interface Pointer {
  readonly incarnation: string;
  readonly generation: number;
  /** 0 = none is complete yet. */
  readonly epoch: number;
  readonly finished: boolean;
  /** Epochs up to this one may have been opened; none above it was. */
  readonly reserved: number;
  /** Epochs kept, oldest first, `epoch` last. */
  readonly kept: readonly number[];
}

export class CheckpointStore {
  readonly #stores: JobStores;
  #pointer: Pointer | null = null;
  #revision = 0;
  /** A move of which nobody knows whether it happened. */
  #doubt: Move | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #abandoned = false;
  #published = 0;
  readonly #manifests = new Map<number, Manifest>();
  /** Epochs that somebody reads. */
  readonly #pins: number[] = [];

  constructor(stores: JobStores) {
    this.#stores = stores;
  }

  get pointer(): Pointer | null {
    return this.#pointer;
  }

  /** The newest complete checkpoint. */
  get latest(): Manifest | null {
    const epoch = this.#pointer?.epoch ?? 0;
    return epoch === 0 ? null : this.#manifests.get(epoch)!;
  }

  /** The oldest checkpoint that is kept; 0 = none. */
  get oldest(): number {
    return Math.min(this.#pointer?.kept[0] ?? 0, ...this.#pins);
  }

  /** Reads the pointer and every retained manifest. */
  async load(): Promise<void> {
    for (let found = await this.#readPointer(); ; ) {
      try {
        for (const epoch of this.#pointer?.kept ?? []) this.#manifests.set(epoch, await this.#read(epoch));
        return;
      } catch (error) {
        // Whoever led before may not know yet that it does not: it moves the pointer on, and what this one has read of is retired.
        const before = found;
        found = await this.#readPointer();
        if (found === before) throw error;
        this.#manifests.clear();
      }
    }
  }

  /**
   * Checkpoints that were written, though there may be no pointer: it is there before the first of them (`fence`), and so was lost
   * with what a server or a disk had not synced.
   */
  async written(): Promise<RestoreFacts['seen']> {
    const ids = await this.#stores.blobs.list(manifestPrefix);
    const epochs = ids.map((id) => Number(id.slice(manifestPrefix.length))).toSorted((a, b) => b - a);
    return epochs.slice(0, 1).map((epoch) => ({ who: 'the store', epoch, generation: 0 }));
  }

  async #readPointer(): Promise<number> {
    const versioned = await this.#stores.pointers.read(checkpointCell);
    this.#revision = versioned?.revision ?? 0;
    this.#pointer = versioned === null ? null : (unpackValue(versioned.value) as Pointer);
    return this.#revision;
  }

  /**
   * The first act of a new generation: older ones can no longer move the pointer, and what they left half written goes.
   *
   * @param opened the highest epoch that may ever have been opened
   */
  fence(generation: number, incarnation: string, opened: number): Promise<void> {
    return this.#inTurn(() => this.#fence(generation, incarnation, opened));
  }

  /** Makes the checkpoint exist. `last`: the generation opens no epoch after it. */
  publish(manifest: Manifest, last: boolean): Promise<void> {
    return this.#inTurn(() => this.#publish(manifest, last));
  }

  /**
   * Keeps the newest checkpoint while `use` runs, however many follow.
   *
   * @throws WeirError `E_USAGE` if there is none yet
   */
  async pinned<T>(use: (manifest: Manifest, pointer: Pointer) => Promise<T>): Promise<T> {
    const { latest } = this;
    if (latest === null) throw new WeirError('E_USAGE', 'the job has no checkpoint yet');
    const pointer = { ...this.#pointer!, kept: [latest.epoch] };
    this.#pins.push(latest.epoch);
    try {
      return await use(latest, pointer);
    } finally {
      this.#pins.splice(this.#pins.indexOf(latest.epoch), 1);
      if (!this.#isKept(latest.epoch)) await this.#inTurn(() => this.#retire([latest.epoch])).catch(() => undefined); // the next sweep takes it
    }
  }

  /** The job was killed: what is under way moves nothing any more. */
  abandon(): void {
    this.#abandoned = true;
  }

  async #fence(generation: number, incarnation: string, opened: number): Promise<void> {
    await this.#settleDoubt();
    const before = this.#pointer;
    const known = before ?? { incarnation, epoch: 0, finished: false, kept: [] };
    await this.#move({ ...known, generation, reserved: opened + reservedEpochs });
    await this.#sweep();
  }

  async #publish(manifest: Manifest, last: boolean): Promise<void> {
    const before = this.#pointer!;
    invariant(manifest.epoch > before.epoch, `CS1: checkpoint ${manifest.epoch} does not follow ${before.epoch}`);
    await this.#stores.blobs.put(manifestId(manifest.epoch), encodeManifest(manifest));
    const kept = [...before.kept, manifest.epoch].slice(-retained);
    const reserved = manifest.epoch + (last ? 0 : reservedEpochs);
    await this.#move({ ...before, epoch: manifest.epoch, finished: manifest.finished, reserved, kept }, manifest);
    // The checkpoint exists: garbage that stays does no harm, and the next sweep takes it.
    await this.#retire(before.kept.filter((epoch) => !this.#isKept(epoch))).catch(() => undefined);
  }

  async #read(epoch: number): Promise<Manifest> {
    const where = `checkpoint ${epoch}`;
    return decodeManifest(await this.#stores.blobs.get(manifestId(epoch)), where);
  }

  async #move(pointer: Pointer, manifest: Manifest | null = null): Promise<void> {
    if (this.#abandoned) throw new WeirError('E_STORE', 'the job was killed', { retry: 'never' });
    const move = { pointer, manifest, value: packValue(pointer) };
    this.#doubt = move;
    const revision = await this.#stores.pointers.compareAndSet(checkpointCell, this.#revision, move.value);
    this.#doubt = null;
    if (revision === null) throw lost();
    this.#moved(move, revision);
  }

  #moved({ pointer, manifest }: Move, revision: number): void {
    this.#revision = revision;
    this.#pointer = pointer;
    if (manifest !== null) this.#manifests.set(manifest.epoch, manifest);
  }

  /** A store that failed in a move may have made it: the cell knows. */
  async #settleDoubt(): Promise<void> {
    const move = this.#doubt;
    if (move === null) return;
    const found = await this.#stores.pointers.read(checkpointCell);
    this.#doubt = null;
    if ((found?.revision ?? 0) === this.#revision) return;
    if (found?.revision !== this.#revision + 1 || Buffer.compare(found.value, move.value) !== 0) throw lost();
    this.#moved(move, found.revision);
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(task);
    this.#turn = result.catch(() => undefined); // whoever asked for it is told
    return result;
  }

  async #retire(epochs: readonly number[]): Promise<void> {
    if (epochs.length === 0) return;
    const gone = epochs.flatMap((epoch) => [manifestId(epoch), ...blobsOf(this.#manifests.get(epoch)!)]);
    for (const epoch of epochs) this.#manifests.delete(epoch);
    if (this.#published++ % sweepEvery === sweepEvery - 1) return this.#sweep();
    const needed = this.#needed();
    await this.#stores.blobs.delete([...new Set(gone)].filter((id) => !needed.has(id)));
  }

  /**
   * What no manifest ever named goes too: deltas of aborted epochs, and those that were folded before their epoch was complete. Only
   * behind the fence, and behind the pointer's move: before the one another coordinator, before the other a subtask may have
   * written what no manifest names yet (CS3). Behind both, nothing is under way, and every living chunk is in the newest manifest.
   * But whoever stands still here may find another one's checkpoints when it goes on: what is of a later generation, or of an epoch that
   * it has not reserved, it leaves alone (CS6).
   */
  async #sweep(): Promise<void> {
    const needed = this.#needed();
    const { generation, reserved } = this.#pointer!;
    const known = await this.#stores.blobs.list('');
    await this.#stores.blobs.delete(known.filter((id) => !needed.has(id) && isOfThePast(id, generation, reserved)));
  }

  #isKept(epoch: number): boolean {
    return this.#pointer!.kept.includes(epoch) || this.#pins.includes(epoch);
  }

  #needed(): Set<string> {
    return new Set([...this.#manifests].flatMap(([epoch, manifest]) => [manifestId(epoch), ...blobsOf(manifest)]));
  }
}

interface Move {
  readonly pointer: Pointer;
  readonly manifest: Manifest | null;
  readonly value: Uint8Array;
}

function lost(): WeirError {
  return new WeirError('E_RUNNING', 'CS4: another coordinator has moved the commit pointer of this job', { retry: 'never' });
}

const manifestPrefix = 'manifest/';
export const manifestId = (epoch: number): string => `${manifestPrefix}${epoch}`;

/** False of a chunk of a later generation, and of a manifest of a later epoch. */
function isOfThePast(id: string, generation: number, epoch: number): boolean {
  const [, kind, number] = /^(g|manifest\/)(\d+)(\/|$)/.exec(id) ?? [];
  return Number(number ?? 0) <= (kind === 'g' ? generation : epoch);
}
