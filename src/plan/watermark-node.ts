/** Where a stream gets its watermark, and how far its splits may be ahead of others. */
import type { LogicalNode, NodeBase } from './logical.ts';

export interface WatermarkNode extends NodeBase {
  readonly kind: 'watermark';
  readonly input: LogicalNode;
  readonly column: string;
  /** Behind the latest time of a split; 0 with a strategy. */
  readonly delayMs: number;
  readonly idleAfterMs: number;
  /** Instead of a delay: as the source says (`manual`), the time of the epoch (`clock`), or a function of a split's times. */
  readonly strategy?: 'manual' | 'clock' | TimeStrategy;
  /** Absent: its splits go on by themselves. */
  readonly align?: SourceAlignment;
}
/** A split that is more than `maxDriftMs` ahead of the least of all splits of its group is not read until they have come up. */
export interface SourceAlignment {
  readonly group: string;
  readonly maxDriftMs: number;
}
/** A split's watermark as a fold over its times. Pure; the state is plain data, and in each snapshot. */
export interface TimeStrategy {
  readonly create: () => unknown;
  readonly advance: (state: never, time: number) => unknown;
  readonly watermark: (state: never) => number;
}
