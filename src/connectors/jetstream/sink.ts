/**
 * Rows as messages of a JetStream stream.
 *
 * Owns: what options go together, and which writer does what they ask for: one that has the stream to itself (sink-fenced.ts),
 * one that shares it (sink-shared.ts), or one that publishes at once (sink-eager.ts).
 */
import { asSink, type Format, type Sink } from '../../api/index.ts';
import { formatMs, WeirError } from '../../core/index.ts';
import type { SinkContext, SinkDefinition, SinkWriter } from '../../operators/index.ts';
import { type FormatDefinition, formatDefinition, json, lineFormat } from '../formats/index.ts';
import { type NatsOptions, serversOf, type SharedConnection } from './connection.ts';
import { subjectFault } from './outgoing.ts';
import { EagerWriter } from './sink-eager.ts';
import { type FencedState, FencedWriter } from './sink-fenced.ts';
import { openedOn } from './sink-opening.ts';
import { SharedWriter } from './sink-shared.ts';
import { createdSubjects, SinkStream, type StreamToCreate } from './sink-stream.ts';

export interface JetStreamSinkOptions<Row> extends NatsOptions {
  readonly stream: string;
  /** Of each row's message: `averages.${row.deviceId}`. Tokens have letters, digits, - and _; another is an error of the row. */
  readonly subject: string | ((row: Row) => string);
  /** One row a message (json()). */
  readonly format?: Format<Row>;
  /** A message is one row (`one`), or as many lines as fit well: rows of one subject and epoch. */
  readonly perMessage?: 'one' | 'lines';
  /** `at-least-once` publishes at once, for latency: after a failure rows are there twice. */
  readonly guarantee?: 'exactly-once' | 'at-least-once';
  /**
   * Others write to the stream too. Then no chain can keep an older writer out: one that is paused in the middle of a commit for
   * longer than the stream's window for duplicates writes some rows twice, and a message that the server refuses while it takes those
   * behind it is there after them.
   */
  readonly shared?: boolean;
  /**
   * Takes a stream whose limits may remove what proves how far it was written (`max_age` and the like). If they do, what was
   * staged last is published again.
   */
  readonly acceptRisk?: boolean;
  /** The subject of the writer's own messages, one of the stream's; chosen below a wildcard of the stream unless said. */
  readonly fence?: string;
  /** Makes the stream, if it is not there. */
  readonly create?: StreamToCreate;
}

/**
 * Messages of a stream, exactly once however long an outage or a pause lasts: what proves how far it was written is in the
 * stream itself, so no window for duplicates is needed. An epoch's messages appear once its checkpoint is complete, in the
 * order of the rows (with `perMessage: 'lines'`, of the rows of each subject). The stream belongs to the sink: a message of
 * somebody else ends the job with `E_SINK_CHANGED`. Each message says in its headers (`Weir-*`) what wrote it; messages with
 * `Weir-Fence` are no rows, but the begin of a writer, and have no body. One subtask writes, at up to some 20,000 messages
 * a second; more, in atomic batches, to a stream with `allow_atomic` on a server from 2.12.15.
 *
 * @throws WeirError `E_PLAN` for options that do not go together
 */
export function jetstreamSink<Row extends object>(options: JetStreamSinkOptions<Row>): Sink<Row> {
  const settings = checkedSettings(options as unknown as JetStreamSinkOptions<never>);
  const definition: SinkDefinition = {
    type: 'sink',
    name: `jetstream ${settings.stream}${settings.shared ? ' (shared)' : ''}`,
    guarantee: settings.guarantee,
    modes: ['append', 'update', 'complete'],
    single: settings.guarantee === 'exactly-once',
    identity: `jetstream ${settings.stream}, ${settings.rows.format.name}, ${settings.rows.perMessage}`,
    open: (context, states) => openedOn(settings.nats, context, (shared) => writerOn(shared, settings, context, states)),
    access: {
      kind: 'write-stream',
      stream: settings.stream,
      subjects: subjectsOf(settings),
      shared: settings.shared,
      ...serversOf(settings.nats),
    },
  };
  return asSink<Row>(definition);
}

/** What it publishes on, as far as the options tell. */
function subjectsOf({ stream, rows, guarantee, shared, fence, create }: SinkSettings): readonly string[] | null {
  const unfenced = guarantee !== 'exactly-once' || shared;
  if (typeof rows.subject === 'string' && unfenced) return [rows.subject];
  if (typeof rows.subject === 'string' && fence !== undefined) return [rows.subject, fence];
  return create === undefined ? null : createdSubjects(stream, create, fence);
}

interface SinkSettings {
  readonly nats: NatsOptions;
  readonly stream: string;
  readonly rows: {
    readonly subject: string | ((row: object) => unknown);
    readonly format: FormatDefinition;
    readonly perMessage: 'one' | 'lines';
  };
  readonly guarantee: 'exactly-once' | 'at-least-once';
  readonly acceptRisk: boolean;
  readonly fence: string | undefined;
  readonly create: StreamToCreate | undefined;
  readonly shared: boolean;
}

function checkedSettings(options: JetStreamSinkOptions<never>): SinkSettings {
  const { stream, subject, perMessage = 'one', guarantee = 'exactly-once', servers, credentials, fence, create } = options;
  const where = `jetstream.sink('${String(stream)}')`;
  if (typeof stream !== 'string' || !/^[^\p{C}\s.*>/\\]+$/u.test(stream))
    throw new WeirError('E_PLAN', `${where}: this is no name of a stream`, { hint: 'it has no spaces, and none of . * > / \\' });
  if (perMessage !== 'one' && perMessage !== 'lines')
    throw new WeirError('E_PLAN', `${where}: \`perMessage\` is 'one' or 'lines', not '${String(perMessage)}'`);
  if (guarantee !== 'exactly-once' && guarantee !== 'at-least-once')
    throw new WeirError('E_PLAN', `${where}: \`guarantee\` is 'exactly-once' or 'at-least-once', not '${String(guarantee)}'`);
  checkSubjects(subject, fence, where);
  return {
    nats: { ...(servers === undefined ? {} : { servers }), ...(credentials === undefined ? {} : { credentials }) },
    stream,
    rows: {
      subject: subject as SinkSettings['rows']['subject'],
      format: formatOf(options.format, perMessage, where),
      perMessage,
    },
    guarantee,
    acceptRisk: options.acceptRisk === true,
    fence,
    create,
    shared: options.shared === true,
  };
}

function checkSubjects(subject: unknown, fence: string | undefined, where: string): void {
  const fault = typeof subject === 'function' ? undefined : subjectFault(subject);
  const fenceFault = fence === undefined ? undefined : subjectFault(fence);
  if (fault === undefined && fenceFault === undefined) return;
  throw new WeirError('E_PLAN', `${where}: ${fault ?? `\`fence\`: ${fenceFault}`}`, {
    hint: 'tokens have letters, digits, - and _, with dots between them; for one subject a row give a function of the row',
  });
}

function formatOf(given: Format<never> | undefined, perMessage: 'one' | 'lines', where: string): FormatDefinition {
  const format = given ?? (json() as unknown as Format<never>);
  const definition = perMessage === 'lines' ? lineFormat(format, where) : formatDefinition(format, where);
  if (definition.header === undefined) return definition;
  throw new WeirError('E_PLAN', `${where}: a message has no header line`, { hint: 'leave out `header` of csv()' });
}

async function writerOn(
  shared: SharedConnection,
  settings: SinkSettings,
  context: SinkContext,
  states: readonly unknown[],
): Promise<SinkWriter> {
  const { rows, acceptRisk, guarantee } = settings;
  const proves = guarantee === 'exactly-once';
  const stream = await SinkStream.open({ ...settings, proves }, shared);
  if (!proves || context.sabotage === 'early-publish') return new EagerWriter({ stream, rows, context });
  const { last } = await stream.end();
  const options = { stream, rows, acceptRisk, context, state: states[0] as FencedState | undefined, last };
  if (!settings.shared) {
    sayHow(stream, context);
    return new FencedWriter(options);
  }
  context.logger.warn(
    { stream: stream.name, windowMs: stream.duplicateWindowMs },
    `${stream.label} is shared: its rows are there once, unless a process of the job is paused in the middle of a commit for longer ` +
      `than the stream's window for duplicates (${formatMs(stream.duplicateWindowMs)})`,
  );
  return new SharedWriter(options);
}

function sayHow(stream: SinkStream, { logger }: SinkContext): void {
  const { label, batchesRefused: why } = stream;
  if (why === null) logger.info({ stream: stream.name }, `${label} is written in atomic batches`);
  else logger.debug({ stream: stream.name }, `${label} is written message by message: ${why}`);
}
