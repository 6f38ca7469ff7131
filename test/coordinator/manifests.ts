/** Manifests and snapshots as the coordinator sees them, with as little in them as a test needs. */
import { keyHashVersion } from '../../src/batch/index.ts';
import {
  type ChunkRef,
  type Manifest,
  manifestFormat,
  type OperatorPart,
  type SplitSnapshot,
  type SubtaskSnapshot,
} from '../../src/state/index.ts';

export const noCounters = { rowsIn: 0, rowsOut: 0, late: 0, deadLetters: 0, duplicates: 0 };

export function part(operator: string, more: Partial<OperatorPart> & { readonly blobs?: readonly string[] } = {}): OperatorPart {
  const { blobs = [], ...rest } = more;
  const chunks: ChunkRef[] = blobs.map((id) => ({
    id,
    bytes: id.length,
    crc: 0,
    operator,
    kind: 'delta',
    groups: [[0, 128]],
    span: 128,
  }));
  return {
    operator,
    subtask: 0,
    groups: [0, 128],
    watermark: Number.NEGATIVE_INFINITY,
    value: null,
    chunks,
    splits: [],
    ...rest,
  };
}

/** What a test puts under a blob's id: the id itself. */
export const bytesOf = (id: string): Uint8Array => new TextEncoder().encode(id);

export const split = (name: string, more: Partial<SplitSnapshot> = {}): SplitSnapshot => ({
  split: name,
  position: null,
  records: 0,
  ended: false,
  operators: {},
  ...more,
});

export function manifest(epoch: number, parts: readonly OperatorPart[] = [], more: Partial<Manifest> = {}): Manifest {
  const operators: Record<string, OperatorPart[]> = {};
  for (const each of parts) (operators[each.operator] ??= []).push(each);
  return {
    format: manifestFormat,
    job: 'test',
    incarnation: 'i',
    generation: 1,
    epoch,
    time: 0,
    finished: false,
    parallelism: 2,
    keyGroups: 128,
    keyHashVersion,
    states: {},
    operators,
    emitted: {},
    totals: { ...noCounters, checkpoints: epoch, restores: 0 },
    ...more,
  };
}

export const snapshot = (
  subtask: string,
  parts: readonly OperatorPart[] = [],
  more: Partial<SubtaskSnapshot> = {},
): SubtaskSnapshot => ({ subtask, parts, counters: noCounters, bytes: 0, ...more });
