/** How the values of a state table become bytes. */
import type { ByteReader, ByteWriter } from '../batch/index.ts';

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
  write(out: ByteWriter, value: V): void;
  read(from: ByteReader): V;
}
