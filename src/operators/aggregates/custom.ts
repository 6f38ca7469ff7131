/**
 * An aggregate of the user's own.
 *
 * Owns: keeping their accumulators apart. What `accumulate` gives back is theirs to change at the next row; what `merge`
 * and `result` are given are copies, made by way of the state field's bytes, since they may change or keep them.
 */
import { ByteReader, ByteWriter, fieldCodec } from '../../batch/index.ts';
import type { CustomAggregate } from '../../plan/index.ts';
import type { Aggregate } from './aggregate.ts';

export function custom(column: string | undefined, definition: CustomAggregate): Aggregate<unknown> {
  const codec = fieldCodec(definition.state);
  const { retract } = definition;
  const copy = (acc: unknown): unknown => {
    if (typeof acc !== 'object' || acc === null) return acc;
    const out = new ByteWriter();
    codec.write(out, acc);
    return codec.read(new ByteReader(out.finish()));
  };
  return {
    id: `custom of ${definition.state.type.kind}`,
    ...(column === undefined ? {} : { column }),
    create: () => definition.create(),
    accumulate: (acc, value) => definition.accumulate(acc as never, value as never),
    ...(retract === undefined ? {} : { retract: (acc, value) => retract(acc as never, value as never) }),
    merge: (a, b) => definition.merge(copy(a) as never, copy(b) as never),
    result: (acc) => definition.result(copy(acc) as never),
    write: (out, acc) => codec.write(out, acc),
    read: (from) => codec.read(from),
  };
}
