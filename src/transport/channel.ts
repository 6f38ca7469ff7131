/**
 * The channel port: an ordered, lossless, bounded pipe from one subtask to another.
 *
 * Owns: frames, and the contract of both ends. Implementations: `memory/`, `nats/`, `threads/`. One contract suite runs on all of them.
 * Frames arrive in the order of sending, or the channel fails; nothing is dropped silently. Data needs credit; control
 * frames (all others) never do. The receiver grants credit as it takes frames: initial credit is zero until `open`.
 * Invariants: H1 order; H2 data in flight never exceeds the granted window by more than one frame; H3 a gap, a wrong
 * checksum or an older generation is an error or nothing, never a frame.
 */
import type { Batch } from '../batch/index.ts';
import type { WeirError } from '../core/index.ts';
import type { Barrier } from '../progress/index.ts';

export type Frame =
  | { readonly kind: 'data'; readonly batch: Batch }
  | { readonly kind: 'watermark'; readonly watermark: number }
  | { readonly kind: 'idle'; readonly idle: boolean }
  | { readonly kind: 'barrier'; readonly barrier: Barrier }
  | { readonly kind: 'end' };

export interface ChannelSender {
  /** True while a data frame may be sent. */
  readonly writable: boolean;
  /** @throws WeirError `E_INTERNAL` for a data frame without credit */
  send(frame: Frame): void;
  /** Called (perhaps spuriously) when `writable` may have become true. */
  onWritable(wake: () => void): void;
  close(): void;
}

export interface ChannelReceiver {
  /** Grants the first credit; before it nothing arrives. */
  open(): void;
  readonly pending: number;
  peek(): Frame | undefined;
  take(): Frame | undefined;
  onReadable(wake: () => void): void;
  close(): void;
}

/** `stage edge, from subtask, to subtask`: unique within a generation. */
export interface ChannelId {
  readonly edge: number;
  readonly from: number;
  readonly to: number;
}

/** One generation's channels. */
export interface Transport {
  sender(id: ChannelId): ChannelSender;
  receiver(id: ChannelId): ChannelReceiver;
  /** Called at most once, when frames were lost or changed: this generation's channels are useless from then on. */
  onFailed(call: (error: WeirError) => void): void;
  /** No frame of this generation is delivered any more. */
  close(): void;
}
