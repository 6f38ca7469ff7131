/** How the values of a state table become bytes. */
import type { ByteReader, ByteWriter } from '../batch/index.ts';

/** A form of one size, in which a value is changed where it lies. */
export interface Slots<V> {
  readonly bytes: number;
  /** A value of its own. */
  read(view: DataView, at: number): V;
  /** False: the value does not fit; what lies there is then anything. */
  write(view: DataView, at: number, value: V): boolean;
}

export interface ValueCodec<V> {
  /** What the bytes mean: part of the state fingerprint, compared at restore ("was / is"). */
  readonly id: string;
  /**
   * Values are users' objects, which their owner may change after he has handed them over: a table then keeps what
   * `put` wrote (encoded and read back), not the object itself. Without it, whoever puts a value gives it away.
   */
  readonly detach?: boolean;
  /** Nobody changes a value in place: a table keeps its bytes alone, outside of the heap, and reads them each time. */
  readonly asBytes?: boolean;
  /** The form in which a table of slots keeps it. */
  readonly slots?: Slots<V>;
  write(out: ByteWriter, value: V): void;
  read(from: ByteReader): V;
}
export type SlotCodec<V> = ValueCodec<V> & { readonly slots: Slots<V> };
