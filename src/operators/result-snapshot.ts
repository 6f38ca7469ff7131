/** How far an operator that gives results has come, in snapshots: beside its tables, and for each key group that moves with it. */
import type { EmissionState, Emissions } from './emissions.ts';
import type { RestoredPart } from './operator.ts';
import type { GroupRun, PerGroup } from './per-group.ts';
import { restoredWatermark } from './restored-watermark.ts';

export interface Progress {
  /** Of the last row. */
  readonly ordinal: number;
  /** The last watermark that was forwarded. */
  readonly forwarded: number;
}
export interface ResultSnapshot extends Progress {
  readonly fired: readonly GroupRun[];
  readonly emissions: Readonly<Record<string, EmissionState>>;
}
interface ResultState {
  /** Of the last row. */
  ordinal: number;
  readonly fired: PerGroup;
}

export function resultSnapshot({ ordinal, fired }: ResultState, emissions: Emissions, forwarded: number): ResultSnapshot {
  return { ordinal, forwarded, fired: fired.snapshot(), emissions: emissions.snapshot() };
}

/** How far all of the parts had come: the next row has a greater ordinal than any, and no watermark was forwarded that one of them had not. */
export function progressOf(parts: readonly RestoredPart[]): Progress {
  const snapshots = parts.map((part) => part.value as Progress);
  return {
    ordinal: Math.max(0, ...snapshots.map(({ ordinal }) => ordinal)),
    forwarded: restoredWatermark(parts, ({ forwarded }: Progress) => forwarded),
  };
}

/** @returns the watermark that all of the parts had forwarded */
export function restoreResults(parts: readonly RestoredPart[], state: ResultState, emissions: Emissions): number {
  const snapshots = parts.map((part) => part.value as ResultSnapshot);
  parts.forEach((part, i) => {
    state.fired.restore(part, snapshots[i]!.fired);
    emissions.restore(part, snapshots[i]!.emissions);
  });
  const { ordinal, forwarded } = progressOf(parts);
  state.ordinal = ordinal;
  return forwarded;
}
