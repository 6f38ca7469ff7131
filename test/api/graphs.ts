/** Sources, sinks and a look into streams, for the tests of the DSL. */
import {
  asSink,
  asSource,
  outputNode,
  type Output,
  rowSchema,
  type AnySchema,
  type RowOf,
  type Sink,
  streamNode,
  streamOf,
  type AnyStream,
  type Stream,
  sourceDefinition,
} from '../../src/api/index.ts';
import { anySchema, type BatchSchema } from '../../src/batch/index.ts';
import type { LogicalNode, OutputMode, SinkNode } from '../../src/plan/index.ts';

const never = (): never => {
  throw new Error('nothing runs here');
};

/** A stream of a source that is never opened. */
export function streamFrom<S extends AnySchema<any, object>>(schema: S, name?: string): Stream<RowOf<S>>;
export function streamFrom<Row extends object>(schema?: undefined, name?: string): Stream<Row>;
export function streamFrom(schema?: AnySchema, name = 'test'): Stream<object> {
  const columns: BatchSchema = schema === undefined ? anySchema : rowSchema(schema).schema;
  const source = sourceDefinition(
    asSource({
      type: 'source',
      name,
      guarantee: 'exactly-once',
      schema: columns,
      identity: name,
      bounded: true,
      splits: never,
      open: never,
    }),
  );
  return streamOf({ kind: 'source', source, site: '', schema: columns });
}

export function sinkOf<Row>(...modes: OutputMode[]): Sink<Row> {
  const accepted: readonly OutputMode[] = modes.length === 0 ? ['append', 'update', 'complete'] : modes;
  return asSink({
    type: 'sink',
    name: 'out',
    guarantee: 'exactly-once',
    modes: accepted,
    single: true,
    identity: 'out',
    open: never,
  });
}

/** The columns of a stream as text: `window {start, end}, deviceId string, t float64?`. */
export function columnsOf(stream: AnyStream): string {
  const { schema } = streamNode(stream);
  if (schema.kind === 'any') return 'any';
  return schema.fields
    .map(({ name, type, nullable }) => {
      const text =
        type.kind === 'list'
          ? `list of ${type.of.type.kind}${type.of.nullable ? '?' : ''}`
          : type.kind === 'struct'
            ? `{${type.fields.map((f) => f.name).join(', ')}}`
            : type.kind;
      return `${name} ${text}${type.kind === 'timestamp' && type.eventTime === true ? '*' : ''}${nullable ? '?' : ''}`;
    })
    .join(', ');
}

type NodeOf<K, N = LogicalNode> = N extends { readonly kind: infer Kinds } ? (K extends Kinds ? N : never) : never;

/** The last node of a stream, which is of this kind. */
export function node<K extends LogicalNode['kind']>(stream: AnyStream, kind: K): NodeOf<K> {
  const found = streamNode(stream);
  if (found.kind !== kind) throw new Error(`a ${found.kind} instead of a ${kind}`);
  return found as NodeOf<K>;
}

export const sinkNode = (output: Output): SinkNode => outputNode(output);
