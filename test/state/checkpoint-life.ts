/** One subtask and its checkpoints over real stores, as a job makes them: for measuring what they write and keep. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { packValue, unpackValue } from '../../src/batch/index.ts';
import { epoch } from '../../src/core/index.ts';
import {
  type ChunkRef,
  chunkRef,
  garbage,
  type JobStores,
  OperatorState,
  SnapshotChain,
  type StateTable,
  type ValueCodec,
} from '../../src/state/index.ts';

export interface Counter {
  count: number;
  sum: number;
  last: string;
}

export const counterCodec: ValueCodec<Counter> = {
  id: 'counter:1',
  write: (out, value) => {
    out.int(value.count);
    out.f64(value.sum);
    out.string(value.last);
  },
  read: (from) => ({ count: from.int(), sum: from.f64(), last: from.string() }),
};

export const lifeGroups = 128;

export class CheckpointLife {
  readonly stores: JobStores;
  readonly state: OperatorState = new OperatorState({ operator: 'count', keyGroups: lifeGroups, owned: [0, lifeGroups] });
  readonly table: StateTable<Counter> = this.state.table('counters', counterCodec);
  readonly #chain = new SnapshotChain({ operator: 'count', owned: [0, lifeGroups] });
  readonly #kept: { readonly id: string; readonly ids: readonly string[] }[] = [];
  #epoch = 0;
  #chunks = 0;
  #revision = 0;
  #known: string[] = [];

  constructor(stores: JobStores) {
    this.stores = stores;
  }

  get refs(): readonly ChunkRef[] {
    return this.#chain.refs();
  }

  touch(key: number): void {
    const name = `key-${key}`;
    const known = this.table.modify(0, name);
    if (known === undefined) return this.table.put(0, name, key % lifeGroups, { count: 1, sum: 0.5, last: 'x'.repeat(60) });
    known.count++;
    known.sum += 0.5;
  }

  /** A complete checkpoint, manifest and pointer included. The bytes that it wrote. */
  async checkpoint(): Promise<{ readonly delta: number; readonly folded: number; readonly manifest: number }> {
    const frozen = this.state.freeze(epoch(++this.#epoch));
    const refs: ChunkRef[] = [];
    while (!frozen.done) {
      const bytes = frozen.step(1000);
      if (bytes === null) continue;
      const ref = chunkRef(this.#id(), 'delta', bytes);
      await this.stores.blobs.put(ref.id, bytes);
      refs.push(ref);
    }
    frozen.written();
    this.#chain.append(refs);
    const folded = await this.#chain.fold(this.stores.blobs, () => this.#id());
    const manifest = await this.#publish();
    return { delta: refs.reduce((sum, ref) => sum + ref.bytes, 0), folded, manifest };
  }

  async #publish(): Promise<number> {
    const bytes = packValue({ epoch: this.#epoch, chunks: this.#chain.refs() });
    const id = `manifest/${this.#epoch}`;
    await this.stores.blobs.put(id, bytes);
    this.#known.push(id);
    this.#revision = (await this.stores.pointers.compareAndSet('checkpoint', this.#revision, packValue({ epoch: this.#epoch })))!;
    this.#kept.push({ id, ids: [id, ...this.#chain.refs().map((ref) => ref.id)] });
    if (this.#kept.length > 3) this.#kept.shift();
    const gone = garbage(
      this.#kept.map(({ ids }) => ids),
      this.#known,
    );
    await this.stores.blobs.delete(gone);
    this.#known = this.#known.filter((known) => !gone.includes(known));
    return bytes.length;
  }

  #id(): string {
    const id = `e${this.#epoch}/${this.#chunks++}`;
    this.#known.push(id);
    return id;
  }
}

/** The references that the last manifest lists. */
export async function lastRefs(stores: JobStores): Promise<readonly ChunkRef[]> {
  const pointer = await stores.pointers.read('checkpoint');
  const { epoch: last } = unpackValue(pointer!.value) as { epoch: number };
  return (unpackValue(await stores.blobs.get(`manifest/${last}`)) as { chunks: readonly ChunkRef[] }).chunks;
}

export async function directoryBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
