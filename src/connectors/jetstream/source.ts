/**
 * Messages of a JetStream stream as a source: each filter of subjects is one split.
 *
 * Owns: what options go together, and opening a split at a position. Replayable, so exactly-once: the position is the stream's
 * sequence in the checkpoint of the job, and nothing is ever acknowledged.
 */
import { asSource, type Format, type Source } from '../../api/index.ts';
import { type ColumnPath, projectSchema } from '../../batch/index.ts';
import { overlap, WeirError } from '../../core/index.ts';
import type { Position, SourceContext, SourceDefinition, SplitReader } from '../../operators/index.ts';
import type { RowCondition, RowFilter } from '../../plan/index.ts';
import { formatDefinition, type FormatDefinition, lineFormat } from '../formats/index.ts';
import { untilAborted } from '../records/index.ts';
import { natsConnection, type NatsOptions, serversOf, type SharedConnection } from './connection.ts';
import { type MessageColumn, type MessageColumns, type RecordSettings, schemaWith } from './message-records.ts';
import type { MessagePosition } from './source-position.ts';
import { checkedWish, consumersBy, granted, ownConsumers } from './source-consumers.ts';
import { SourceReader } from './source-reader.ts';
import { SourceStream, type StartAt } from './source-stream.ts';
import { isSubjectFilter } from './subject.ts';

export interface JetStreamSourceOptions<Row, C extends MessageColumn = never> extends NatsOptions {
  readonly stream: string;
  /** Filters of subjects, such as `orders.*.new` or `orders.>`; each is one split (all subjects, one split). */
  readonly subjects?: readonly string[];
  readonly format: Format<Row>;
  /** What a message knows besides its body, as further columns. */
  readonly columns?: readonly C[];
  /** A message is one record, or each of its lines is (`one`). */
  readonly perMessage?: 'one' | 'lines';
  /** Where a job begins that has no checkpoint: at the stream's begin, at what comes from now on, or with a message (`first`). */
  readonly from?: StartAt;
}
/** The row of a format, with the columns of its message. */
export type MessageRow<Row, C extends MessageColumn> = {
  -readonly [K in keyof (Row & Pick<MessageColumns, C>)]: (Row & Pick<MessageColumns, C>)[K];
};

/**
 * Messages of a stream, exactly once: the position is the stream's sequence in our checkpoint, and nothing is acknowledged. With
 * it goes what the stream and its last message were: a stream that was made anew, that lost its end, or that removed messages
 * before they were read, ends the job with `E_SOURCE_CHANGED`. A record that does not parse is a dead letter, named
 * `STREAM:sequence`. A server that is away is waited for.
 *
 * @throws WeirError `E_PLAN` for options that do not go together
 */
export function jetstreamSource<Row extends object, const C extends MessageColumn = never>(
  options: JetStreamSourceOptions<Row, C>,
): Source<MessageRow<Row, C>> {
  return asSource<MessageRow<Row, C>>(messageSource(options as unknown as MessageSourceOptions));
}

export interface MessageSourceOptions extends JetStreamSourceOptions<never, MessageColumn> {
  /** `end`: it ends where the stream ends when it is read. For tests. */
  readonly until?: 'end';
}

interface SourceSettings {
  readonly nats: NatsOptions;
  readonly filters: readonly string[];
  readonly records: RecordSettings;
  readonly definition: Pick<SourceDefinition, 'schema'>;
  readonly from: StartAt;
  readonly untilEnd: boolean;
}

/** The definition behind the face. */
export function messageSource(options: MessageSourceOptions): SourceDefinition {
  return definitionOf(checkedSettings(options));
}

function definitionOf(settings: SourceSettings): SourceDefinition {
  const { records, filters, definition } = settings;
  const what = [`jetstream ${records.stream}`, ...filters].join(' ');
  return {
    type: 'source',
    name: what,
    guarantee: 'exactly-once',
    schema: definition.schema,
    identity: `${what}, ${records.format.name}, ${records.perMessage}`,
    bounded: settings.untilEnd,
    splits: (context) => splitsOf(settings, context),
    endNow: (_split, context) => endOf(settings, context),
    open: (split, from, count, context) => openSplit(settings, split, from, count, context),
    assist: (request, context) => assist(settings, request, context),
    access: { kind: 'read-stream', stream: records.stream, ...serversOf(settings.nats) },
    ...(records.format.project === undefined ? {} : { project: (wanted) => definitionOf(projected(settings, wanted)) }),
    ...(records.format.filter === undefined ? {} : { filter: (conditions) => definitionOf(filtered(settings, conditions)) }),
  };
}

/** Of the message's columns those that are wanted; the others are the format's. */
function projected(settings: SourceSettings, wanted: readonly ColumnPath[]): SourceSettings {
  const { records, definition } = settings;
  const columns = records.columns.filter((column) => wanted.some(([name]) => name === column));
  const format = records.format.project!(wanted.filter(([name]) => !records.columns.some((column) => column === name)));
  return {
    ...settings,
    records: { ...records, format, columns },
    definition: { schema: projectSchema(definition.schema, wanted) },
  };
}

/** What the format knows of them: columns of the message it does not. */
function filtered(settings: SourceSettings, conditions: readonly RowFilter[]): SourceSettings {
  const { records } = settings;
  const isOwn = ({ column }: RowCondition): boolean => !records.columns.some((each) => each === column);
  const own = conditions.filter((each) => ('anyOf' in each ? each.anyOf.every((all) => all.every(isOwn)) : isOwn(each)));
  return { ...settings, records: { ...records, format: records.format.filter!(own) } };
}

function checkedSettings(options: MessageSourceOptions): SourceSettings {
  const { stream, subjects = [], columns = [], perMessage = 'one', from = 'first', servers, credentials, until } = options;
  const where = `jetstream.source('${String(stream)}')`;
  if (typeof stream !== 'string' || !/^[^\p{C}\s.*>/\\]+$/u.test(stream))
    throw new WeirError('E_PLAN', `${where}: this is no name of a stream`, { hint: 'it has no spaces, and none of . * > / \\' });
  const format = formatOf(options.format, perMessage, where);
  checkStart(from, where);
  return {
    nats: { ...(servers === undefined ? {} : { servers }), ...(credentials === undefined ? {} : { credentials }) },
    filters: checkedFilters(subjects, where),
    records: { stream, format, perMessage, columns },
    definition: { schema: schemaWith(columns, format, where) },
    from,
    untilEnd: until === 'end',
  };
}

function formatOf(format: Format<never>, perMessage: string, where: string): FormatDefinition {
  if (perMessage !== 'one' && perMessage !== 'lines')
    throw new WeirError('E_PLAN', `${where}: \`perMessage\` is 'one' or 'lines', not '${perMessage}'`);
  const definition = perMessage === 'lines' ? lineFormat(format, where) : formatDefinition(format, where);
  if (definition.header === undefined) return definition;
  throw new WeirError('E_PLAN', `${where}: a message has no header line`, { hint: 'leave out `header` of csv()' });
}

function checkedFilters(subjects: readonly string[], where: string): readonly string[] {
  for (const [i, subject] of subjects.entries()) {
    if (!isSubjectFilter(subject))
      throw new WeirError('E_PLAN', `${where}: '${subject}' is no subject`, { hint: 'as orders.*.new or orders.>' });
    const other = subjects.slice(0, i).find((earlier) => overlap(earlier, subject));
    if (other !== undefined)
      throw new WeirError(
        'E_PLAN',
        `${where}: messages of ${subject} would be read twice, since ${other} takes some of them too`,
        {
          hint: 'name subjects that have no message in common',
        },
      );
  }
  return [...subjects];
}

function checkStart(from: StartAt, where: string): void {
  if (from === 'first' || from === 'new') return;
  if (typeof from === 'object' && Number.isSafeInteger(from.sequence) && from.sequence >= 1) return;
  throw new WeirError('E_PLAN', `${where}: \`from\` is no place to begin`, { hint: "give 'first', 'new' or { sequence: 1 }" });
}

async function splitsOf({ nats, filters, records }: SourceSettings, { signal }: SourceContext): Promise<readonly string[]> {
  const shared = await connection(nats, signal);
  try {
    const stream = await SourceStream.of(records.stream, shared);
    const { config } = await untilAborted(stream.readable(), signal);
    stream.checkFilters(config, filters);
  } finally {
    await shared.close();
  }
  return filters.length === 0 ? [records.stream] : filters;
}

/** The last sequence that the stream has now. */
async function endOf({ nats, records }: SourceSettings, { signal }: SourceContext): Promise<number> {
  const shared = await connection(nats, signal);
  try {
    const stream = await SourceStream.of(records.stream, shared);
    return (await untilAborted(stream.info(), signal)).state.last_seq;
  } finally {
    await shared.close();
  }
}

async function assist({ nats, filters, records }: SourceSettings, request: unknown, context: SourceContext): Promise<unknown> {
  const wish = checkedWish(request, context.job, filters);
  const shared = await connection(nats, context.signal);
  try {
    return await granted(ownConsumers(await SourceStream.of(records.stream, shared), context.job), wish);
  } finally {
    await shared.close();
  }
}

async function openSplit(
  settings: SourceSettings,
  split: string,
  from: Position | undefined,
  count: number,
  context: SourceContext,
): Promise<SplitReader> {
  const { nats, records, filters, definition, untilEnd } = settings;
  const shared = await connection(nats, context.signal);
  try {
    const stream = await SourceStream.of(records.stream, shared);
    const position = from as MessagePosition | undefined;
    if (position !== undefined) await untilAborted(stream.check(position), context.signal);
    return new SourceReader({
      stream,
      consumers: context.assist === undefined ? ownConsumers(stream, context.job) : consumersBy(context.assist),
      split,
      filter: filters.length === 0 ? undefined : split,
      schema: definition.schema,
      records,
      position: position ?? (await untilAborted(stream.begin(settings.from), context.signal)),
      begins: position === undefined,
      count,
      untilEnd,
      until: context.until as number | undefined,
      context,
    });
  } catch (error) {
    await shared.close();
    throw error;
  }
}

/** If the signal aborts first, the connection is closed once it is there. */
async function connection(nats: NatsOptions, signal: AbortSignal): Promise<SharedConnection> {
  const opening = natsConnection(nats);
  try {
    return await untilAborted(opening, signal);
  } catch (error) {
    if (signal.aborted)
      opening.then(
        (late) => late.close(),
        () => undefined, // nobody waits for it any more
      );
    throw error;
  }
}
