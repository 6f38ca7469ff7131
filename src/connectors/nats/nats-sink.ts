import { asSink, type Format, type Sink } from '../../api/index.ts';
import { WeirError } from '../../core/index.ts';
import type { SinkDefinition } from '../../operators/index.ts';
import { formatDefinition, json } from '../formats/index.ts';
import { connectedUntil, type NatsOptions, serversOf, subjectFault } from '../jetstream/index.ts';
import { SubjectWriter } from './subject-writer.ts';

export interface NatsSinkOptions<Row> extends NatsOptions {
  /** Of each row's message: `averages.${row.deviceId}`. Tokens have letters, digits, - and _; another is an error of the row. */
  readonly subject: string | ((row: Row) => string);
  /** One row a message (json()). */
  readonly format?: Format<Row>;
}

/**
 * Rows as messages that whoever listens hears, at most once: they are sent when their checkpoint is complete, and not again. Rows
 * of an epoch whose sending was interrupted, or that came while there was no server, are lost, and counted in the log.
 *
 * @throws WeirError `E_PLAN` for what is no subject
 */
export function natsSink<Row extends object>(options: NatsSinkOptions<Row>): Sink<Row> {
  const { subject, servers, credentials } = options;
  const where = 'nats.sink()';
  const fault = typeof subject === 'function' ? undefined : subjectFault(subject);
  if (fault !== undefined)
    throw new WeirError('E_PLAN', `${where}: ${fault}`, { hint: 'tokens have letters, digits, - and _, with dots between them' });
  const format = formatDefinition((options.format ?? json<Row>()) as unknown as Format<never>, where);
  if (format.header !== undefined)
    throw new WeirError('E_PLAN', `${where}: a message has no header line`, { hint: 'leave out `header` of csv()' });
  const shown = typeof subject === 'string' ? subject : 'by row';
  const nats = { ...(servers === undefined ? {} : { servers }), ...(credentials === undefined ? {} : { credentials }) };
  const definition: SinkDefinition = {
    type: 'sink',
    name: `nats ${shown}`,
    guarantee: 'at-most-once',
    modes: ['append', 'update', 'complete'],
    single: false,
    identity: `nats ${shown}, ${format.name}`,
    access: { kind: 'publish', subject: typeof subject === 'string' ? subject : null, ...serversOf(nats) },
    async open(context) {
      const shared = await connectedUntil(nats, context.signal);
      const rows = { subject: subject as string | ((row: object) => unknown), format, perMessage: 'one' } as const;
      return new SubjectWriter(shared, rows, context);
    },
  };
  return asSink<Row>(definition);
}
