/**
 * The JetStream of a simulated server: its streams, and its API.
 *
 * Owns: what a request is answered, in JSON as a real server has it. What it does not know it refuses as `E_NOT_SIMULATED`, so that nothing
 * is taken for proved that was never there. Does not own: streams and consumers themselves, or how messages travel.
 */
import { overlap, WeirError } from '../../core/index.ts';
import { noBytes, statusHeaders, type WireMessage } from './client-frames.ts';
import { type ConsumerSettings, type ConsumerWorld, SimulatedConsumer } from './simulated-consumer.ts';
import { type ApiError, SimulatedStream, type StoredMessage, type StreamSettings, timeText } from './simulated-stream.ts';

interface Held {
  readonly stream: SimulatedStream;
  readonly consumers: Map<string, SimulatedConsumer>;
}
type Answer = Record<string, unknown> | { readonly error: ApiError };
type Verb = (name: string, body: Record<string, unknown>, rest: readonly string[]) => Answer;

const usualWindowNs = 120e9;
const apiRoot = '$JS.API.';
const refusal = (code: number, err_code: number, description: string): { readonly error: ApiError } => ({
  error: { code, err_code, description },
});
const noStream = refusal(404, 10059, 'stream not found');
const noConsumer = refusal(404, 10014, 'consumer not found');
const noMessage = refusal(404, 10037, 'no message found');

export class SimulatedJetStream {
  readonly #world: ConsumerWorld;
  readonly #held = new Map<string, Held>();
  /** There is no room on its disk. */
  isFull: (subject: string) => boolean = () => false;

  constructor(world: ConsumerWorld) {
    this.#world = world;
  }

  stream(name: string): SimulatedStream | undefined {
    return this.#held.get(name)?.stream;
  }

  /** Whether anybody but subscribers takes messages of the subject. */
  isTaken(subject: string): boolean {
    return this.#isApi(subject) || this.#of(subject) !== undefined;
  }

  #of(subject: string): Held | undefined {
    for (const held of this.#held.values()) if (held.stream.takes(subject)) return held;
    return undefined;
  }

  /** A message that a client publishes: for the API, or for a stream. */
  take(message: WireMessage): void {
    if (message.subject.startsWith('$JS.')) return this.#api(message);
    const held = this.#of(message.subject);
    if (held === undefined) return;
    const answer = this.#stored(held, message);
    if (message.reply !== '')
      this.#reply(message.reply, { ...('error' in answer ? answer : { stream: held.stream.name, ...answer }) });
  }

  #stored({ stream, consumers }: Held, { subject, headers, data }: WireMessage): ReturnType<SimulatedStream['publish']> {
    if (this.isFull(subject)) return refusal(503, 10023, 'insufficient resources');
    const taken = stream.publish(subject, headers, data, this.#world.now(), this.#world.minorVersion >= 12);
    if (!('error' in taken) && taken.duplicate === undefined) {
      const stored = stream.at(taken.seq);
      if (stored !== undefined) for (const consumer of consumers.values()) consumer.appended(stored);
    }
    return taken;
  }

  /** What is not on a disk is gone, and so are consumers. */
  restart(powerLost: boolean): void {
    for (const [name, { stream, consumers }] of this.#held) {
      for (const consumer of consumers.values()) consumer.close();
      consumers.clear();
      if (!stream.restart(powerLost)) this.#held.delete(name);
    }
  }

  /** Somebody listens to this now: a consumer may push there. */
  subscribed(subject: string): void {
    for (const { consumers } of this.#held.values())
      for (const consumer of consumers.values()) if (consumer.config.deliver_subject === subject) consumer.wake();
  }

  /** @param which streams; all unless said */
  sync(which: (stream: string) => boolean = () => true): void {
    for (const [name, { stream }] of this.#held) if (which(name)) stream.sync();
  }

  // ── the API

  /** Up to 2.9 it took messages for those too who are not there, and was silent. */
  #isApi(subject: string): boolean {
    if (!subject.startsWith(apiRoot) || this.#world.minorVersion < 10) return subject.startsWith('$JS.');
    const [kind, , stream = '', name, consumer] = subject.slice(apiRoot.length).split('.');
    if (kind === 'DIRECT') return this.stream(stream)?.config.allow_direct === true;
    return !subject.startsWith(`${apiRoot}CONSUMER.MSG.NEXT.`) || this.#consumer(name, consumer) !== undefined;
  }

  #consumer(stream = '', name = ''): SimulatedConsumer | undefined {
    return this.#held.get(stream)?.consumers.get(name);
  }

  #api({ subject, reply, data }: WireMessage): void {
    if (subject.startsWith('$JS.ACK.')) return;
    const tokens = subject.slice(apiRoot.length).split('.');
    const text = Buffer.from(data).toString('utf8');
    if (tokens[0] === 'DIRECT') return this.#direct(reply, tokens[2]!, tokens.slice(3).join('.'), text);
    if (tokens[0] === 'CONSUMER' && tokens[1] === 'MSG') return this.#consumer(tokens[3], tokens[4])?.ask(reply, text);
    const [verb, rest] = this.#verbOf(tokens);
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    this.#reply(reply, verb(rest[0] ?? '', body, rest.slice(1)));
  }

  #verbOf(tokens: readonly string[]): [Verb, readonly string[]] {
    for (let words = 3; words > 0; words--) {
      const verb = this.#verbs[tokens.slice(0, words).join('.')];
      if (verb !== undefined) return [verb, tokens.slice(words)];
    }
    throw new WeirError('E_NOT_SIMULATED', `the request ${tokens.join('.')} to JetStream`);
  }

  readonly #verbs: Readonly<Record<string, Verb>> = {
    INFO: () => ({ memory: 0, storage: 0, streams: this.#held.size, consumers: 0, limits: {}, api: { total: 0, errors: 0 } }),
    'STREAM.CREATE': (name, body) => this.#create(name, body as unknown as StreamSettings),
    'STREAM.UPDATE': (name, body) => this.#with(name, (held) => this.#update(held, body as unknown as StreamSettings)),
    'STREAM.INFO': (name, body) => this.#with(name, (held) => this.#info(held, body)),
    'STREAM.NAMES': (_, { subject }) => this.#names(subject as string | undefined),
    'STREAM.DELETE': (name) =>
      this.#with(name, ({ consumers }) => {
        for (const consumer of consumers.values()) consumer.close('409 Consumer Deleted');
        this.#held.delete(name);
        return { success: true };
      }),
    'STREAM.PURGE': (name, body) =>
      this.#with(name, ({ stream }) =>
        stream.config.deny_purge === true
          ? refusal(500, 10110, 'stream purge not permitted')
          : { success: true, purged: stream.purge(body as Parameters<SimulatedStream['purge']>[0]) },
      ),
    'STREAM.MSG.GET': (name, body) => this.#with(name, ({ stream }) => this.#get(stream, body)),
    'STREAM.MSG.DELETE': (name, { seq }) =>
      this.#with(name, ({ stream }) => {
        if (stream.config.deny_delete === true) return refusal(500, 10057, 'message delete not permitted');
        if (stream.remove(Number(seq))) return { success: true };
        return Number(seq) > stream.last || Number(seq) < stream.first
          ? refusal(500, 10057, 'no message found')
          : refusal(400, 10043, `sequence ${Number(seq)} not found`);
      }),
    'CONSUMER.CREATE': (name, body, rest) =>
      this.#with(name, (held) => this.#newConsumer(held, body['config'] as ConsumerSettings, rest[0])),
    'CONSUMER.INFO': (name, _, [consumer]) => this.#with(name, () => this.#consumer(name, consumer)?.info ?? noConsumer),
    'CONSUMER.DELETE': (name, _, [consumer = '']) =>
      this.#with(name, ({ consumers }) => {
        consumers.get(consumer)?.close('409 Consumer Deleted');
        return consumers.delete(consumer) ? { success: true } : noConsumer;
      }),
  };

  #with(name: string, answer: (held: Held) => Answer): Answer {
    const held = this.#held.get(name);
    held?.stream.expire(this.#world.now());
    return held === undefined ? noStream : answer(held);
  }

  #names(subject: string | undefined): Answer {
    const all = [...this.#held.values()].filter(
      ({ stream }) => subject === undefined || (stream.config.subjects ?? []).some((filter) => overlap(filter, subject)),
    );
    const streams = all.map(({ stream }) => stream.name);
    return { total: streams.length, offset: 0, limit: 1024, streams: streams.length === 0 ? null : streams };
  }

  #create(name: string, wanted: StreamSettings): Answer {
    const config = withDefaults(wanted);
    const found = this.#held.get(name);
    if (found !== undefined)
      return JSON.stringify(found.stream.config) === JSON.stringify(config)
        ? this.#info(found, {})
        : refusal(400, 10058, 'stream name already in use with a different configuration');
    if (config.allow_rollup_hdrs === true && config.deny_purge === true)
      return refusal(500, 10052, 'roll-ups require the purge permission');
    const others = [...this.#held.values()].flatMap(({ stream }) => stream.config.subjects ?? []);
    if ((config.subjects ?? []).some((subject) => others.some((other) => overlap(other, subject))))
      return refusal(400, 10065, 'subjects overlap with an existing stream');
    const stream = new SimulatedStream(config, this.#world.now());
    const held: Held = { stream, consumers: new Map() };
    stream.removed = (messages) => {
      for (const consumer of held.consumers.values()) consumer.removed(messages);
    };
    this.#held.set(name, held);
    return this.#info(held, {});
  }

  #update(held: Held, wanted: StreamSettings): Answer {
    held.stream.config = withDefaults({ ...held.stream.config, ...wanted });
    return this.#info(held, {});
  }

  #info({ stream, consumers }: Held, { subjects_filter, offset = 0, deleted_details }: Record<string, unknown>): Answer {
    const subjects = typeof subjects_filter === 'string' ? stream.subjects(subjects_filter) : undefined;
    const state = { ...stream.state, consumer_count: consumers.size, ...(subjects === undefined ? {} : { subjects }) };
    const deleted = deleted_details === true ? { deleted: missing(stream) } : {};
    const paged = subjects === undefined ? {} : { total: Object.keys(subjects).length, offset, limit: 100_000 };
    return { config: stream.config, created: stream.created, state: { ...state, ...deleted }, ...paged };
  }

  #get(stream: SimulatedStream, { seq = 0, last_by_subj, next_by_subj }: Record<string, unknown>): Answer {
    const found = looked(stream, { seq: Number(seq), last: last_by_subj as string, next: next_by_subj as string });
    if (found === undefined) return noMessage;
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
    const { subject, headers, data } = found;
    const message = {
      subject,
      seq: found.seq,
      ...(headers.length === 0 ? {} : { hdrs: text(headers) }),
      ...(data.length === 0 ? {} : { data: text(data) }),
      time: timeText(found),
    };
    return { message };
  }

  #direct(reply: string, name: string, subject: string, body: string): void {
    const stream = this.stream(name);
    if (stream?.config.allow_direct !== true) return;
    stream.expire(this.#world.now());
    const asked = (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>;
    const last = subject === '' ? (asked['last_by_subj'] as string | undefined) : subject;
    const found = looked(stream, { seq: Number(asked['seq'] ?? 0), last, next: asked['next_by_subj'] as string | undefined });
    if (found === undefined)
      return this.#world.publish({ subject: reply, reply: '', headers: statusHeaders('404 Message Not Found'), data: noBytes });
    const about = [
      ['Nats-Stream', name],
      ['Nats-Subject', found.subject],
      ['Nats-Sequence', found.seq],
      ['Nats-Time-Stamp', timeText(found)],
    ] as const;
    const own = Buffer.from(found.headers).toString('utf8').split('\r\n').slice(1, -2);
    const lines = own.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const);
    const headers = Buffer.from(
      ['NATS/1.0', ...[...lines, ...about].map(([key, value]) => `${key}: ${value}`), '', ''].join('\r\n'),
    );
    this.#world.publish({ subject: reply, reply: '', headers, data: found.data });
  }

  #newConsumer(held: Held, config: ConsumerSettings, asked: string | undefined): Answer {
    const name =
      asked ?? config.name ?? config.durable_name ?? `c${held.consumers.size}-${held.stream.last}-${this.#world.now()}`;
    held.consumers.get(name)?.close();
    const consumer = new SimulatedConsumer(name, config, held.stream, this.#world, () => void held.consumers.delete(name));
    held.consumers.set(name, consumer);
    return consumer.info;
  }

  #reply(subject: string, answer: Answer): void {
    if (subject === '') return;
    this.#world.publish({ subject, reply: '', headers: noBytes, data: Buffer.from(JSON.stringify(answer)) });
  }
}

interface Wanted {
  readonly seq: number;
  readonly last: string | undefined;
  readonly next: string | undefined;
}
function looked(stream: SimulatedStream, { seq, last, next }: Wanted): StoredMessage | undefined {
  if (last !== undefined) return stream.lastOf(last);
  return next === undefined ? stream.at(seq) : stream.nextOf([next], seq);
}

function missing(stream: SimulatedStream): number[] {
  const all = new Set(stream.all().map(({ seq }) => seq));
  return Array.from({ length: stream.last - stream.first + 1 }, (_, i) => stream.first + i).filter((seq) => !all.has(seq));
}

/** As the server echoes it; what it does not know is not in it. */
function withDefaults(wanted: StreamSettings): StreamSettings {
  const unbounded = (value: number | undefined): number => (value === undefined || value === 0 ? -1 : value);
  const maxAge = wanted.max_age ?? 0;
  const window = wanted.duplicate_window ?? 0;
  return {
    name: wanted.name,
    ...(wanted['description'] === undefined ? {} : { description: wanted['description'] }),
    subjects: wanted.subjects ?? [wanted.name],
    retention: wanted.retention ?? 'limits',
    max_consumers: unbounded(wanted['max_consumers'] as number | undefined),
    max_msgs: unbounded(wanted.max_msgs),
    max_bytes: unbounded(wanted.max_bytes),
    max_age: maxAge,
    max_msgs_per_subject: unbounded(wanted.max_msgs_per_subject),
    max_msg_size: unbounded(wanted.max_msg_size),
    discard: wanted.discard ?? 'old',
    storage: wanted.storage ?? 'file',
    num_replicas: (wanted['num_replicas'] as number | undefined) ?? 1,
    duplicate_window: window === 0 ? (maxAge > 0 ? Math.min(usualWindowNs, maxAge) : usualWindowNs) : window,
    ...(wanted.discard_new_per_subject === true ? { discard_new_per_subject: true } : {}),
    sealed: wanted.sealed ?? false,
    deny_delete: wanted.deny_delete ?? false,
    deny_purge: wanted.deny_purge ?? false,
    allow_rollup_hdrs: wanted.allow_rollup_hdrs ?? false,
    allow_direct: wanted.allow_direct ?? false,
    mirror_direct: (wanted['mirror_direct'] as boolean | undefined) ?? false,
  };
}
