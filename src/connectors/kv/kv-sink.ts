/** Rows as values of a bucket: what options go together. */
import { asSink, type Format, type Sink } from '../../api/index.ts';
import { WeirError } from '../../core/index.ts';
import type { SinkDefinition } from '../../operators/index.ts';
import { formatDefinition, json } from '../formats/index.ts';
import { type NatsOptions, openedOn, serversOf } from '../jetstream/index.ts';
import { KvBucket } from './kv-bucket.ts';
import { KvWriter } from './kv-writer.ts';

export interface KvSinkOptions<Row> extends NatsOptions {
  readonly bucket: string;
  /** Of each row: letters, digits and - _ = / . */
  readonly key: (row: Row) => string;
  /** What a value is (json()). */
  readonly format?: Format<Row>;
  /** Makes the bucket, if it is not there. */
  readonly create?: boolean;
}

/**
 * The last row of each key as its value in a bucket: a table that always holds the results of whole epochs, key by key. A value
 * is written once for each epoch that has a row for its key, when the epoch's checkpoint is complete, and never by an older
 * generation over a newer one. What others put under a key is overwritten by the next row of that key. In mode `update` a key is deleted whose row is taken
 * back and has no other in its place: its group is gone, or has another key now. With `every` such keys stay, but for those of sessions.
 *
 * @throws WeirError `E_PLAN` for options that do not go together
 */
export function kvSink<Row extends object>(options: KvSinkOptions<Row>): Sink<Row, 'append' | 'update'> {
  const { bucket, key, servers, credentials, create = false } = options;
  const where = `kv.sink('${String(bucket)}')`;
  if (typeof bucket !== 'string' || !/^[A-Za-z0-9_-]+$/.test(bucket))
    throw new WeirError('E_PLAN', `${where}: this is no name of a bucket`, { hint: 'it has letters, digits, - and _' });
  if (typeof key !== 'function')
    throw new WeirError('E_PLAN', `${where}: \`key\` is a function of the row`, { hint: 'as (row) => row.deviceId' });
  const format = formatDefinition((options.format ?? json<Row>()) as unknown as Format<never>, where);
  const nats = { ...(servers === undefined ? {} : { servers }), ...(credentials === undefined ? {} : { credentials }) };
  const definition: SinkDefinition = {
    type: 'sink',
    name: `kv ${bucket}`,
    guarantee: 'exactly-once',
    modes: ['append', 'update'],
    takesBack: true,
    retracts: true,
    single: true,
    identity: `kv ${bucket}, ${format.name}`,
    access: { kind: 'write-bucket', bucket, ...serversOf(nats) },
    open: (context) =>
      openedOn(nats, context, async (shared) => {
        const found = await KvBucket.open(bucket, shared, create);
        return new KvWriter(found, { key: key as (row: object) => unknown, format }, context);
      }),
  };
  return asSink<Row, 'append' | 'update'>(definition);
}
