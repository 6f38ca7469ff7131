/**
 * The state of one subtask: its operators' tables and values, their snapshots and their restore.
 *
 * Owns: what goes into an acknowledgement, and when it is durable. A snapshot is encoded in bounded steps between pieces of
 * other work, and written behind the barrier. Does not own: the formats (src/state).
 * Invariants: SS1 one snapshot at a time is under way: the next barrier waits for it; SS2 what an acknowledgement names is
 * durable; SS3 a snapshot that failed to write is merged back, so that the next one holds its changes.
 */
import { packValue, unpackValue } from '../batch/index.ts';
import { type Epoch, invariant } from '../core/index.ts';
import type { Operator, RestoredPart } from '../operators/index.ts';
import { isKeyed, type PlannedOperator } from '../plan/index.ts';
import {
  type BlobStore,
  type ChunkRef,
  chunkRef,
  type Counters,
  type FrozenState,
  loadChunks,
  type Manifest,
  type OlderTables,
  type OperatorPart,
  OperatorState,
  SnapshotChain,
  type SplitSnapshot,
  type SubtaskSnapshot,
  type TableLimits,
} from '../state/index.ts';

export interface SplitPosition {
  readonly split: string;
  readonly position: unknown;
  readonly records: number;
  readonly ended: boolean;
  readonly drained?: number;
}

export interface SubtaskStateOptions {
  readonly generation: number;
  /** `stage/subtask` */
  readonly name: string;
  readonly subtask: number;
  readonly keyGroups: number;
  readonly owned: readonly [number, number];
  readonly members: readonly { readonly planned: PlannedOperator; readonly operator: Operator }[];
  readonly blobs: BlobStore;
  /** Encoded in one step (2000). */
  readonly entriesPerStep?: number;
  readonly tableLimits?: TableLimits;
}

interface Member {
  readonly planned: PlannedOperator;
  readonly operator: Operator;
  readonly state: OperatorState;
  chain: SnapshotChain;
}

const entriesPerStep = 2000;
/** Non-keyed state up to this size lies in the manifest itself. */
const inlineBytesMax = 8 << 10;

export class SubtaskState {
  readonly #o: SubtaskStateOptions;
  readonly #members: readonly Member[];
  readonly #positions = new Map<number, readonly SplitPosition[]>();
  /** Ids of the chunks of each snapshot that a checkpoint may yet be restored from. */
  readonly #chunks = new Map<number, readonly string[]>();
  #encoding: Encoding | null = null;
  #underWay = false;
  #blobs = 0;

  constructor(options: SubtaskStateOptions) {
    this.#o = options;
    this.#members = options.members.map(({ planned, operator }) => {
      const place = { operator: planned.id, keyGroups: options.keyGroups, owned: options.owned };
      const limits = options.tableLimits === undefined ? {} : { limits: options.tableLimits };
      return { planned, operator, state: new OperatorState({ ...place, ...limits }), chain: new SnapshotChain(place) };
    });
  }

  of(index: number): OperatorState {
    return this.#members[index]!.state;
  }

  /** Entries of all tables. */
  get rows(): number {
    return this.#members.reduce((sum, { state }) => sum + state.rows, 0);
  }

  // ── restore

  async load(manifest: Manifest | null): Promise<void> {
    if (manifest === null) return;
    for (const member of this.#members) {
      const parts = this.#partsOf(manifest, member);
      const refs = parts.flatMap((part) => part.chunks);
      const values = await Promise.all(parts.map((part) => this.#valueOf(part)));
      const restored = values.filter((part) => part !== null);
      const older = this.#olderTables(manifest, member, restored);
      await loadChunks(member.state, refs, this.#o.blobs, older);
      // What has changed its form is written anew, all of it: no old chunk is needed then.
      const place = { operator: member.planned.id, owned: this.#o.owned };
      member.chain = new SnapshotChain(older === undefined ? { ...place, refs } : place);
      if (restored.length > 0) member.operator.restore?.(restored);
    }
    this.#rememberChunks(manifest.epoch);
  }

  /** Undefined: the state's form has not changed. */
  #olderTables(manifest: Manifest, { planned, operator }: Member, parts: readonly RestoredPart[]): OlderTables | undefined {
    const shapes = manifest.shapes?.[planned.id];
    if (manifest.states[planned.id] === planned.state || shapes === undefined) return undefined;
    return operator.olderTables?.(shapes, parts);
  }

  /** Gives operators of the source's chain what they know of its splits. */
  restoreSplits(manifest: Manifest | null, source: string, splits: readonly string[]): void {
    for (const part of manifest?.operators[source] ?? []) {
      for (const snapshot of part.splits.filter(({ split }) => splits.includes(split))) {
        for (const { planned, operator } of this.#members) {
          const value = snapshot.operators[planned.id];
          if (value !== undefined && value !== null) operator.restoreSplit?.(snapshot.split, value);
        }
        this.#positions.set(manifest!.epoch, [...(this.#positions.get(manifest!.epoch) ?? []), snapshot]);
      }
    }
  }

  /** The watermark that the root had reached: the least of all whose groups it takes over. */
  watermark(manifest: Manifest | null): number {
    const root = this.#members[0]!;
    if (manifest === null || root.planned.node.kind === 'source') return -Infinity;
    const parts = this.#partsOf(manifest, root);
    return parts.length === 0 ? -Infinity : Math.min(...parts.map((part) => part.watermark));
  }

  /** Keyed operators: all parts that hold some of our groups, unless the operator asks for more. Others: each part goes to exactly one subtask. */
  #partsOf(manifest: Manifest, { planned: { id, node }, operator }: Member): readonly OperatorPart[] {
    const [from, to] = this.#o.owned;
    const parts = manifest.operators[id] ?? [];
    if (operator.restoresFromAll === true) return parts;
    const keyed = isKeyed(node);
    return parts.filter(({ groups }) => (keyed ? groups[0] < to && groups[1] > from : groups[0] >= from && groups[0] < to));
  }

  async #valueOf({ groups, value }: OperatorPart): Promise<RestoredPart | null> {
    if (value === null) return null;
    return { groups, value: unpackValue(typeof value === 'string' ? await this.#o.blobs.get(value) : value) };
  }

  // ── positions, for the release of what lies before

  rememberPositions(epoch: Epoch, positions: readonly SplitPosition[]): void {
    if (positions.length > 0) this.#positions.set(epoch, positions);
  }

  /** Positions at a checkpoint that is still kept; forgets all older ones. */
  positionsAt(epoch: number): readonly SplitPosition[] {
    for (const known of this.#positions.keys()) if (known < epoch) this.#positions.delete(known);
    return this.#positions.get(epoch) ?? [];
  }

  /** Ids of chunks that may be read again now that this checkpoint is complete; forgets those of older snapshots. */
  chunksSince(epoch: number): readonly string[] {
    for (const known of this.#chunks.keys()) if (known < epoch) this.#chunks.delete(known);
    return [...this.#chunks.values()].flat();
  }

  #rememberChunks(epoch: number): void {
    this.#chunks.set(
      epoch,
      this.#members.flatMap(({ chain }) => chain.refs().map(({ id }) => id)),
    );
  }

  // ── snapshots

  /** False while an earlier snapshot is still being written: the barrier waits (SS1). */
  get canFreeze(): boolean {
    return !this.#underWay;
  }

  /** Freezes everything now; resolves once it is durable. */
  async freeze(
    epoch: Epoch,
    splits: readonly SplitPosition[],
    counters: Counters,
    watermarkOf: (index: number) => number,
  ): Promise<SubtaskSnapshot> {
    invariant(!this.#underWay, `SS1: epoch ${epoch} came while another snapshot is under way`);
    this.#underWay = true;
    const stateful = this.#members
      .map((member, index) => ({ member, watermark: watermarkOf(index) }))
      .filter(({ member }) => member.planned.state !== null);
    const drafts = stateful.map(({ member, watermark }) => ({
      member,
      watermark,
      value: packed(member.operator.snapshot?.()),
      splits: member.planned.node.kind === 'source' ? this.#splitSnapshots(splits) : [],
    }));
    const encoding = new Encoding(
      stateful.map(({ member }) => ({ operator: member.planned.id, frozen: member.state.freeze(epoch) })),
      (bytes) => this.#put(epoch, bytes),
      this.#o.entriesPerStep ?? entriesPerStep,
    );
    this.#encoding = encoding;
    try {
      const deltas = await encoding.durable;
      // All of them first: what fails after this must not take a delta along that its tables know to be written.
      for (const { member } of drafts) member.chain.append(deltas.get(member.planned.id) ?? []);
      const parts: OperatorPart[] = [];
      let bytes = 0;
      for (const { member, ...draft } of drafts) {
        const { part, written } = await this.#part(epoch, member, deltas.get(member.planned.id) ?? [], draft);
        parts.push(part);
        bytes += written;
      }
      this.#rememberChunks(epoch);
      return { subtask: this.#o.name, parts, counters, bytes };
    } finally {
      this.#encoding = null;
      this.#underWay = false;
    }
  }

  /** Tests only: drops what was written for an epoch, as if only complete epochs counted. */
  forgetDelta(epoch: Epoch): void {
    for (const member of this.#members) {
      const refs = member.chain.refs().filter((ref) => !ref.id.includes(`/e${epoch}/`));
      member.chain = new SnapshotChain({ operator: member.planned.id, owned: this.#o.owned, refs });
    }
  }

  /** Encodes a bounded piece of the snapshot under way; true = there is more. */
  step(): boolean {
    return this.#encoding?.step() ?? false;
  }

  async #part(
    epoch: Epoch,
    member: Member,
    delta: readonly ChunkRef[],
    draft: { watermark: number; value: Uint8Array | null; splits: readonly SplitSnapshot[] },
  ): Promise<{ part: OperatorPart; written: number }> {
    const folded = await member.chain.fold(this.#o.blobs, () => this.#nextId(epoch));
    const value = draft.value === null ? null : await this.#stored(epoch, draft.value);
    const written = delta.reduce((sum, ref) => sum + ref.bytes, folded + (draft.value?.length ?? 0));
    const part = {
      operator: member.planned.id,
      subtask: this.#o.subtask,
      groups: this.#o.owned,
      watermark: draft.watermark,
      value,
      chunks: member.chain.refs(),
      splits: draft.splits,
    };
    return { part, written };
  }

  #splitSnapshots(splits: readonly SplitPosition[]): readonly SplitSnapshot[] {
    return splits.map((split) => {
      const operators: Record<string, unknown> = {};
      for (const { planned, operator } of this.#members) {
        const value = operator.snapshotSplit?.(split.split);
        if (value !== undefined) operators[planned.id] = value;
      }
      return { ...split, position: split.position ?? null, operators };
    });
  }

  /** Inline, or the id of a blob. */
  async #stored(epoch: Epoch, value: Uint8Array): Promise<Uint8Array | string> {
    if (value.length <= inlineBytesMax) return value;
    const id = this.#nextId(epoch);
    await this.#o.blobs.put(id, value);
    return id;
  }

  async #put(epoch: Epoch, bytes: Uint8Array): Promise<ChunkRef> {
    const ref = chunkRef(this.#nextId(epoch), 'delta', bytes);
    await this.#o.blobs.put(ref.id, bytes);
    return ref;
  }

  #nextId(epoch: Epoch): string {
    return `g${this.#o.generation}/e${epoch}/s${this.#o.name.replace('/', '-')}/${this.#blobs++}`;
  }
}

/** At once: the operator goes on changing what it gave. */
function packed(value: unknown): Uint8Array | null {
  return value === undefined ? null : packValue(value);
}

/** Several operators' frozen states on their way into chunks, one after the other. */
class Encoding {
  readonly durable: Promise<ReadonlyMap<string, readonly ChunkRef[]>>;
  readonly #frozen: readonly { readonly operator: string; readonly frozen: FrozenState }[];
  readonly #put: (bytes: Uint8Array) => Promise<ChunkRef>;
  readonly #entriesPerStep: number;
  readonly #writes: Promise<{ readonly operator: string; readonly ref: ChunkRef }>[] = [];
  #encoded!: () => void;
  #next = 0;

  constructor(
    frozen: readonly { readonly operator: string; readonly frozen: FrozenState }[],
    put: (bytes: Uint8Array) => Promise<ChunkRef>,
    entriesPerStep: number,
  ) {
    this.#frozen = frozen;
    this.#put = put;
    this.#entriesPerStep = entriesPerStep;
    const encoded = new Promise<void>((resolve) => {
      this.#encoded = resolve;
    });
    if (frozen.length === 0) this.#encoded();
    this.durable = encoded.then(() => this.#settle());
  }

  step(): boolean {
    const current = this.#frozen[this.#next];
    if (current === undefined) return false;
    const chunk = current.frozen.step(this.#entriesPerStep);
    if (chunk !== null) {
      const write = this.#put(chunk).then((ref) => ({ operator: current.operator, ref }));
      write.catch(() => undefined); // settled in `durable`
      this.#writes.push(write);
    }
    if (current.frozen.done) this.#next++;
    if (this.#next === this.#frozen.length) this.#encoded();
    return true;
  }

  async #settle(): Promise<ReadonlyMap<string, readonly ChunkRef[]>> {
    try {
      const written = await Promise.all(this.#writes);
      for (const { frozen } of this.#frozen) frozen.written();
      return grouped(written);
    } catch (error) {
      await Promise.allSettled(this.#writes);
      for (const { frozen } of this.#frozen) frozen.failed();
      throw error;
    }
  }
}

function grouped(
  written: readonly { readonly operator: string; readonly ref: ChunkRef }[],
): ReadonlyMap<string, readonly ChunkRef[]> {
  const deltas = new Map<string, ChunkRef[]>();
  for (const { operator, ref } of written) deltas.set(operator, [...(deltas.get(operator) ?? []), ref]);
  return deltas;
}
