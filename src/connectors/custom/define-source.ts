/**
 * A source of one's own: replayable from a position that Weir keeps in its checkpoints.
 *
 * Owns: what stands between a user's generator and the source contract: the position in its field's encoding, rows checked
 * against the schema, what was yielded cut into pieces. A position inside of what one `yield` gave is the one before it
 * and how many of its rows to leave out.
 */
import {
  type AnySchema,
  asSource,
  type Field,
  rowSchema,
  type RowSchema,
  type Source,
  type SourceContext,
} from '../../api/index.ts';
import { anySchema } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import { CustomReader, type Yielded } from './custom-reader.ts';
import { FieldValue } from './field-value.ts';

export interface ReadContext<Position> extends SourceContext {
  /** Rows up to here, and no further. */
  readonly until?: Position;
}

export interface CustomSource<Row extends object, Position> {
  readonly name: string;
  readonly schema?: AnySchema<any, Row>;
  readonly position: Field<any, Position>;
  /** The independently readable parts, by stable name; one if not given. Each has its own watermark, and moves whole between subtasks. */
  readonly splits?: (context: SourceContext) => Promise<readonly string[]>;
  /** Rows after `from` (undefined = the start), and the position to go on from after them. Must give the same rows again for the same position. */
  read(split: string, from: Position | undefined, context: ReadContext<Position>): AsyncIterable<Yielded<Row, Position>>;
  /**
   * How far a split reaches now: a run with the trigger `available-now` or `once` asks for it when it starts, and `read` then finds it in its
   * context as `until` and ends there. Without it such a run reads until `read` ends by itself.
   */
  readonly end?: (split: string, context: SourceContext) => Promise<Position>;
  /** What lies before is in a complete checkpoint and may be released. */
  readonly release?: (split: string, before: Position) => Promise<void>;
}

/** @throws WeirError `E_PLAN` without a name */
export function defineSource<Row extends object, Position>(definition: CustomSource<Row, Position>): Source<Row> {
  const { name, position, splits, release, end } = definition;
  if (typeof name !== 'string' || name === '') throw new WeirError('E_PLAN', 'defineSource() needs a name');
  const rows: RowSchema | null = definition.schema === undefined ? null : rowSchema(definition.schema);
  const value = new FieldValue<Position>(position, `source ${name}: position`);
  return asSource<Row>({
    type: 'source',
    name,
    guarantee: 'exactly-once',
    schema: rows?.schema ?? anySchema,
    identity: `source ${name}`,
    bounded: false,
    splits: async ({ signal }) => (splits === undefined ? ['0'] : splits({ signal })),
    open: async (split, from, records, context) =>
      new CustomReader<Position>({
        name,
        rows,
        value,
        read: (start) =>
          definition.read(split, start, {
            signal: context.signal,
            ...(context.until === undefined ? {} : { until: value.decode(context.until) }),
          }),
        split,
        from,
        records,
        context,
      }),
    ...(end === undefined ? {} : { endNow: async (split, { signal }) => value.encode(await end(split, { signal })) }),
    ...(release === undefined
      ? {}
      : {
          async release(split: string, before: unknown) {
            const at = CustomReader.yieldedBefore(before);
            if (at !== null) await release(split, value.decode(at));
          },
        }),
  });
}
