import { asSource, type Format, type Source } from '../../api/index.ts';
import { WeirError } from '../../core/index.ts';
import type { SourceDefinition } from '../../operators/index.ts';
import { formatDefinition } from '../formats/index.ts';
import { connectedUntil, isSubjectFilter, type NatsOptions, serversOf } from '../jetstream/index.ts';
import { SubjectReader } from './subject-reader.ts';

export interface NatsSourceOptions<Row> extends NatsOptions {
  /** Subjects may have wildcards: `orders.*`, `orders.>`. */
  readonly subject: string;
  /** One record a message. */
  readonly format: Format<Row>;
}

/**
 * Messages of a subject while the job runs, at most once: what is sent while it does not, or faster than it reads, is lost, and
 * so is what it had read since the last checkpoint when it fails. What was lost for want of room is counted in the log.
 *
 * @throws WeirError `E_PLAN` for what is no subject
 */
export function natsSource<Row extends object>(options: NatsSourceOptions<Row>): Source<Row> {
  const { subject, servers, credentials } = options;
  const where = `nats.source('${String(subject)}')`;
  if (typeof subject !== 'string' || !isSubjectFilter(subject))
    throw new WeirError('E_PLAN', `${where}: this is no subject`, { hint: 'as orders.new or orders.>' });
  const format = formatDefinition(options.format as unknown as Format<never>, where);
  if (format.header !== undefined)
    throw new WeirError('E_PLAN', `${where}: a message has no header line`, { hint: 'leave out `header` of csv()' });
  const nats = { ...(servers === undefined ? {} : { servers }), ...(credentials === undefined ? {} : { credentials }) };
  const definition: SourceDefinition = {
    type: 'source',
    name: `nats ${subject}`,
    guarantee: 'at-most-once',
    schema: format.schema,
    identity: `nats ${subject}, ${format.name}`,
    access: { kind: 'subscribe', subject, ...serversOf(nats) },
    bounded: false,
    endless: 'its messages come when they come',
    splits: async () => [subject],
    async open(split, _from, records, context) {
      const shared = await connectedUntil(nats, context.signal);
      return new SubjectReader({ shared, split, subject, format, records, context });
    },
  };
  return asSource<Row>(definition);
}
