// A stream on a real server that a sink writes, and what is in it.
import { type JetStreamManager, jetstream, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { beforeEach, onTestFinished } from 'vitest';
import { batchesRefused } from '../../../src/connectors/jetstream/atomic-batches.ts';
import type { SharedConnection } from '../../../src/connectors/jetstream/connection.ts';
import { FencedWriter, type FencedState } from '../../../src/connectors/jetstream/sink-fenced.ts';
import { SinkStream } from '../../../src/connectors/jetstream/sink-stream.ts';
import { type JetStreamSinkOptions, jetstreamSink } from '../../../src/connectors/jetstream/sink.ts';
import { formatDefinition, json } from '../../../src/connectors/formats/index.ts';
import type { SinkContext, SinkDefinition, SinkWriter } from '../../../src/operators/index.ts';
import { realClock } from '../../../src/runtime/real-clock.ts';
import { type ServerUse, type ServerUseOptions, withServer } from '../../nats/server.ts';
import { batch, epochs, kept, permit, sinkContext } from '../connector-fixture.ts';

/** The two ways in which a stream is written that belongs to one writer. */
export const ways: readonly (readonly [way: string, config: Partial<StreamConfig>])[] = [
  ['message by message', {}],
  ['in atomic batches', { allow_atomic: true }],
];

/** A real server for one of the ways; its tests are skipped on a server that does not know it. */
export function serverFor({ allow_atomic: batches = false }: Partial<StreamConfig>, options?: ServerUseOptions): ServerUse {
  const nats = withServer(options);
  beforeEach(async ({ skip }) => {
    if (!batches) return;
    const probe = await (await jetstreamManager(nats.connection)).streams.add({ name: 'PROBE', allow_atomic: true });
    const refused = batchesRefused(probe.config);
    if (refused !== null) skip(`nats-server ${nats.connection.info?.version} takes no atomic batches: ${refused}`);
  });
  return nats;
}

export interface StoredRow {
  readonly sequence: number;
  readonly subject: string;
  readonly body: string;
  readonly epoch: number;
  readonly index: number;
  readonly generation: number;
  readonly fence: boolean;
  /** Of an atomic batch. */
  readonly batch: string;
}

export class OutputStream {
  readonly name: string;
  readonly #nats: Pick<ServerUse, 'connection' | 'connect' | 'server'>;
  readonly #url: string;

  private constructor(name: string, nats: Pick<ServerUse, 'connection' | 'connect' | 'server'>) {
    this.name = name;
    this.#nats = nats;
    this.#url = nats.server.url;
  }

  /** Its subjects are `<name>.>`. */
  static async make(
    nats: Pick<ServerUse, 'connection' | 'connect' | 'server'>,
    name: string,
    config: Partial<StreamConfig> | null = {},
  ): Promise<OutputStream> {
    const stream = new OutputStream(name, nats);
    if (config !== null) await (await stream.manager()).streams.add({ name, subjects: [`${name}.>`], ...config });
    return stream;
  }

  manager(): Promise<JetStreamManager> {
    return jetstreamManager(this.#nats.connection);
  }

  async publish(subject: string, body: string, lines: Readonly<Record<string, string>> = {}): Promise<void> {
    const own = headers();
    for (const [name, value] of Object.entries(lines)) own.set(name, value);
    await jetstream(this.#nats.connection).publish(`${this.name}.${subject}`, body, { headers: own });
  }

  sink(options: Partial<JetStreamSinkOptions<{ n: number }>> = {}): SinkDefinition {
    return jetstreamSink({
      servers: this.#url,
      stream: this.name,
      subject: `${this.name}.a`,
      ...options,
    }) as unknown as SinkDefinition;
  }

  /** A writer that is closed with the test, in real time. */
  async writer(
    context: Partial<SinkContext> = {},
    state: readonly unknown[] = [],
    options: Partial<JetStreamSinkOptions<{ n: number }>> = {},
  ): Promise<SinkWriter> {
    const restoredEpoch = context.restoredEpoch ?? (context.fresh === false ? Number.MAX_SAFE_INTEGER : 0);
    const writer = await this.sink(options).open(sinkContext({ clock: realClock, ...context, restoredEpoch }), state);
    onTestFinished(async () => writer.close?.());
    return writer;
  }

  /** One that has the stream to itself, on a connection of its own. */
  async writerOn(
    shared: SharedConnection,
    context: Partial<SinkContext> = {},
    state: readonly unknown[] = [],
  ): Promise<SinkWriter> {
    const demands = { acceptRisk: false, shared: false, proves: true };
    const stream = await SinkStream.open({ stream: this.name, fence: undefined, create: undefined, ...demands }, shared);
    const { last } = await stream.end();
    const format = formatDefinition(json() as never, 'test');
    const writer = new FencedWriter({
      stream,
      rows: { subject: `${this.name}.a`, format, perMessage: 'one' },
      acceptRisk: false,
      context: sinkContext({ clock: realClock, ...context }),
      state: state[0] as FencedState | undefined,
      last,
    });
    onTestFinished(async () => writer.close());
    return writer;
  }

  /** Everything, in order. */
  async all(): Promise<StoredRow[]> {
    // The server may have been away, and a connection of its own need not wait until it is found again.
    const connection = await this.#nats.connect();
    try {
      return await this.#all(connection);
    } finally {
      await connection.close();
    }
  }

  async #all(connection: NatsConnection): Promise<StoredRow[]> {
    const found: StoredRow[] = [];
    const { state } = await (await jetstreamManager(connection)).streams.info(this.name);
    if (state.messages === 0) return found;
    const consumer = await jetstream(connection).consumers.get(this.name);
    for await (const message of await consumer.consume()) {
      const of = (name: string): number => Number(message.headers?.get(name) ?? Number.NaN);
      found.push({
        sequence: message.seq,
        subject: message.subject,
        body: message.string(),
        epoch: of('Weir-Epoch'),
        index: of('Weir-Index'),
        generation: of('Weir-Generation'),
        fence: message.headers?.has('Weir-Fence') === true,
        batch: message.headers?.get('Nats-Batch-Id') ?? '',
      });
      if (message.info.pending === 0) break;
    }
    return found;
  }

  /** Without the fences. */
  async rows(): Promise<StoredRow[]> {
    return (await this.all()).filter(({ fence }) => !fence);
  }

  async numbers(): Promise<number[]> {
    return (await this.rows()).map(({ body }) => (JSON.parse(body) as { n: number }).n);
  }
}

export const range = (count: number, first = 0): number[] => Array.from({ length: count }, (_, i) => first + i);

export interface Staged {
  readonly epoch: number;
  readonly staged: unknown;
  readonly state: readonly unknown[];
}

/** Writes rows and stages them, as a checkpoint keeps them. */
export async function staged(writer: SinkWriter, epoch: number, numbers: readonly number[]): Promise<Staged> {
  await writer.write(batch(...numbers.map((n) => ({ n }))));
  const value = kept(await writer.stage(epochs(epoch), false));
  const state = writer.snapshot?.();
  return { epoch, staged: value, state: state === undefined ? [] : [kept(state)] };
}

export const commit = (writer: SinkWriter, { epoch, staged: value }: Staged, generation = 1): Promise<void> =>
  writer.commit(permit(epoch, generation), value);
