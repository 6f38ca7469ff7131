/**
 * What a checkpoint consists of: the one document that makes its parts belong together.
 *
 * Owns: the shape, its encoding and its checks. Written once per complete epoch; the commit pointer names it.
 * Invariants: M1 a manifest lists every chunk that its restore needs, chains of deltas of aborted epochs included; M2 what is
 * decoded was encoded by a known format version, or is refused.
 */
import { packValue, unpackValue } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { ChunkRef } from './snapshot-chain.ts';

export const manifestFormat = 2;

export interface SplitSnapshot {
  readonly split: string;
  readonly position: unknown;
  /** Records before the position. */
  readonly records: number;
  readonly ended: boolean;
  /** Records before the position at which the last run that read what there was (trigger `available-now`) came to its end. */
  readonly drained?: number;
  /** Operator → its state of this split. */
  readonly operators: Readonly<Record<string, unknown>>;
}

/** What one subtask has of one operator. */
export interface OperatorPart {
  readonly operator: string;
  readonly subtask: number;
  readonly groups: readonly [number, number];
  /** The operator's watermark at the barrier. */
  readonly watermark: number;
  /** Non-keyed state, packed: inline if small, else the id of a blob. */
  readonly value: Uint8Array | string | null;
  readonly chunks: readonly ChunkRef[];
  readonly splits: readonly SplitSnapshot[];
}

export interface Counters {
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly late: number;
  readonly deadLetters: number;
  /** Rows that `dropDuplicates` left out. */
  readonly duplicates: number;
}

/** One subtask's part of a checkpoint: its acknowledgement. */
export interface SubtaskSnapshot {
  /** `stage/subtask` */
  readonly subtask: string;
  readonly parts: readonly OperatorPart[];
  /** Since the generation began. */
  readonly counters: Counters;
  /** Bytes written for this epoch. */
  readonly bytes: number;
}

export interface Totals extends Counters {
  readonly checkpoints: number;
  readonly restores: number;
}

export const nothingYet: Totals = {
  rowsIn: 0,
  rowsOut: 0,
  late: 0,
  deadLetters: 0,
  duplicates: 0,
  checkpoints: 0,
  restores: 0,
};

/** What a generation begins to count from that goes on from this checkpoint. */
export function totalsFrom(latest: Manifest | null): Totals {
  if (latest === null) return nothingYet;
  return { ...latest.totals, restores: latest.totals.restores + (latest.finished ? 0 : 1) };
}

export interface Manifest {
  readonly format: number;
  readonly job: string;
  readonly incarnation: string;
  readonly generation: number;
  readonly epoch: number;
  /** Wall time at which it was complete, ms. */
  readonly time: number;
  /** Of the barrier, ms: `now()` of the epoch that follows. Manifests of earlier versions do not say it. */
  readonly epochTime?: number;
  /** The input was exhausted: nothing comes after this. */
  readonly finished: boolean;
  readonly parallelism: number;
  readonly keyGroups: number;
  readonly keyHashVersion: number;
  /** Operator → what its state means, in words. */
  readonly states: Readonly<Record<string, string>>;
  /** Operator → state → what it is made of, where users declare it (plan/state-shape.ts). Manifests of earlier versions do not say it. */
  readonly shapes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly operators: Readonly<Record<string, readonly OperatorPart[]>>;
  /** `every` in ms → time of the barrier at which such results last went out, ms. */
  readonly emitted: Readonly<Record<string, number>>;
  /** Over the whole life of the job's state. */
  readonly totals: Totals;
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return packValue(manifest);
}

/** @throws WeirError `E_STATE_DAMAGED`, or `E_STATE_INCOMPATIBLE` for a later format */
export function decodeManifest(bytes: Uint8Array, where: string): Manifest {
  const manifest = unpack(bytes, where) as Manifest | null;
  if (typeof manifest !== 'object' || manifest === null || typeof manifest.epoch !== 'number') {
    throw new WeirError('E_STATE_DAMAGED', `${where}: not a manifest`);
  }
  if (manifest.format !== manifestFormat) {
    throw new WeirError(
      'E_STATE_INCOMPATIBLE',
      `${where}: manifest format is ${manifest.format}, this version of Weir reads ${manifestFormat}`,
      {
        hint: 'use the version of Weir that wrote the state, or start anew with --fresh',
      },
    );
  }
  // What nobody counted then was none.
  return { ...manifest, totals: { ...manifest.totals, duplicates: manifest.totals?.duplicates ?? 0 } };
}

function unpack(bytes: Uint8Array, where: string): unknown {
  try {
    return unpackValue(bytes);
  } catch (error) {
    throw WeirError.from(error, 'E_STATE_DAMAGED', where);
  }
}

/** Ids of all blobs that a manifest needs. */
export function blobsOf(manifest: Manifest): readonly string[] {
  return Object.values(manifest.operators).flatMap((parts) =>
    parts.flatMap((part) => [...part.chunks.map((chunk) => chunk.id), ...(typeof part.value === 'string' ? [part.value] : [])]),
  );
}
