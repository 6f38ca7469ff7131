/** How the values of a state table become bytes. */
import type { ByteReader, ByteWriter } from '../batch/index.ts';

export interface ValueCodec<V> {
  /** What the bytes mean: part of the state fingerprint, compared at restore ("was / is"). */
  readonly id: string;
  write(out: ByteWriter, value: V): void;
  read(from: ByteReader): V;
}
