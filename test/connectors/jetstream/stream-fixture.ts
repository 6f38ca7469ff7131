// A stream on a real server, and what a source reads of it.
import { type JetStreamManager, jetstream, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { json } from '../../../src/connectors/index.ts';
import { messageSource, type MessageSourceOptions } from '../../../src/connectors/jetstream/source.ts';
import type { SourceContext, SourceDefinition } from '../../../src/operators/index.ts';
import { realClock } from '../../../src/runtime/real-clock.ts';
import {
  type Outcome,
  outcomes,
  readPieces,
  type ReadPiece,
  sourceContext,
  type SourceSurroundings,
} from '../connector-fixture.ts';

export class TestStream {
  readonly name: string;
  readonly #connection: NatsConnection;
  readonly #url: string;

  private constructor(name: string, connection: NatsConnection, url: string) {
    this.name = name;
    this.#connection = connection;
    this.#url = url;
  }

  /** Its subjects are `<name>.>`. */
  static async make(
    nats: { readonly connection: NatsConnection; readonly server: { readonly url: string } },
    name: string,
    config: Partial<StreamConfig> = {},
  ): Promise<TestStream> {
    const stream = new TestStream(name, nats.connection, nats.server.url);
    await (await stream.manager()).streams.add({ name, subjects: [`${name}.>`], ...config });
    return stream;
  }

  manager(): Promise<JetStreamManager> {
    return jetstreamManager(this.#connection);
  }

  /** One after the other, to `<name>.<subject>`. */
  async publish(bodies: readonly (string | Uint8Array | object)[], subject = 'a', headers?: MsgHdrs): Promise<void> {
    const client = jetstream(this.#connection);
    for (let at = 0; at < bodies.length; at += 500) {
      const chunk = bodies
        .slice(at, at + 500)
        .map((body) => (typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)));
      await Promise.all(
        chunk.map((body) => client.publish(`${this.name}.${subject}`, body, headers === undefined ? {} : { headers })),
      );
    }
  }

  source(options: Partial<MessageSourceOptions> = {}): SourceDefinition {
    return messageSource({ servers: this.#url, stream: this.name, format: json() as never, ...options });
  }
}

/** In real time. */
export const realContext = (surroundings: SourceSurroundings = {}): SourceContext =>
  sourceContext({ clock: realClock, ...surroundings });

/** What a split has from there, to its present end. */
export async function readOn(
  source: SourceDefinition,
  split: string,
  from?: ReadPiece,
  context: SourceContext = realContext(),
): Promise<{ all: Outcome[]; last: ReadPiece }> {
  const pieces = await readPieces(source, split, context, from);
  return { all: pieces.flatMap(({ piece }) => outcomes(piece)), last: pieces.at(-1) ?? from! };
}

export const numbers = (count: number, first = 0): { n: number }[] => Array.from({ length: count }, (_, i) => ({ n: first + i }));
export const rowsIn = (all: readonly Outcome[]): unknown[] => all.map(({ row }) => row);
