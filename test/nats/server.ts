import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import { type PrivateServer, type PrivateServerOptions, startPrivateServer } from '../../src/runtime/nats/private-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What scripts/test-nats.mjs found. */
    natsServer: { readonly binary?: string; readonly missing?: string; readonly skipped?: string };
  }
}

export type ServerSettings = Omit<PrivateServerOptions, 'directory' | 'binary' | 'port'>;

export interface ServerUseOptions extends ServerSettings {
  /** How long one server lives; 'test' for tests that kill it, or count what it holds. */
  readonly per?: 'file' | 'test';
}

/** A real server while a test runs; all that was made through it is closed and removed afterwards. */
export interface ServerUse {
  readonly server: PrivateServer;
  /** To the server, until the test (the file) ends; a client that was refused or lost its server tries again, as it is set. */
  readonly connection: NatsConnection;
  /** One more. */
  connect(options?: NodeConnectionOptions): Promise<NatsConnection>;
  /** Starts the server anew on its port and directory, after `server.kill()` or `server.stop()`. */
  restart(): Promise<PrivateServer>;
  /** One more server, with a directory of its own. */
  another(settings?: ServerSettings): Promise<PrivateServer>;
}

/**
 * Call it in a `describe`, or at the top of a file: one private nats-server for its tests. They are skipped where
 * WEIR_SKIP_NATS says so, and fail with the ways to get a server where there is none.
 */
export function withServer({ per = 'file', ...settings }: ServerUseOptions = {}): ServerUse {
  const use = new RealServer(settings);
  const [before, after] = per === 'file' ? [beforeAll, afterAll] : [beforeEach, afterEach];
  beforeEach(({ skip }) => {
    const { skipped } = found();
    if (skipped !== undefined) skip(skipped);
  });
  before(async () => {
    if (found().skipped === undefined) await use.open();
  });
  after(() => use.close());
  return use;
}

/** The program that tests run; for those that start one by themselves. */
export function natsServerBinary(): string {
  const { binary, missing } = found();
  if (binary === undefined) throw new Error(missing ?? 'skipped tests do not ask for a server');
  return binary;
}

function found(): { readonly binary?: string; readonly missing?: string; readonly skipped?: string } {
  const natsServer = inject('natsServer') as ReturnType<typeof found> | undefined;
  if (natsServer === undefined) throw new Error('a test with a nats-server has a name that ends in .nats.test.ts');
  return natsServer;
}

interface OpenServer {
  server: PrivateServer;
  readonly directory: string;
  readonly connection: NatsConnection;
}

class RealServer implements ServerUse {
  readonly #settings: ServerSettings;
  #directories: string[] = [];
  #servers: PrivateServer[] = [];
  #connections: NatsConnection[] = [];
  #own: OpenServer | undefined;

  constructor(settings: ServerSettings) {
    this.#settings = settings;
  }

  get server(): PrivateServer {
    return this.#opened().server;
  }
  get connection(): NatsConnection {
    return this.#opened().connection;
  }

  async open(): Promise<void> {
    const { server, directory } = await this.#start(this.#settings);
    this.#own = { server, directory, connection: await this.#connect(server, {}) };
  }

  connect(options: NodeConnectionOptions = {}): Promise<NatsConnection> {
    return this.#connect(this.server, options);
  }

  async restart(): Promise<PrivateServer> {
    const own = this.#opened();
    const { port } = own.server;
    own.server = await startPrivateServer({ ...this.#settings, directory: own.directory, binary: natsServerBinary(), port });
    this.#servers.push(own.server);
    return own.server;
  }

  async another(settings: ServerSettings = {}): Promise<PrivateServer> {
    return (await this.#start(settings)).server;
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
    await Promise.all(this.#servers.map((server) => server.kill()));
    await Promise.all(this.#directories.map((path) => rm(path, { recursive: true, force: true })));
    [this.#connections, this.#servers, this.#directories, this.#own] = [[], [], [], undefined];
  }

  async #start(settings: ServerSettings): Promise<{ server: PrivateServer; directory: string }> {
    const directory = await mkdtemp(join(tmpdir(), 'weir-nats-'));
    this.#directories.push(directory);
    const server = await startPrivateServer({ ...settings, directory, binary: natsServerBinary() });
    this.#servers.push(server);
    return { server, directory };
  }

  async #connect(server: PrivateServer, options: NodeConnectionOptions): Promise<NatsConnection> {
    const connection = await connect({ servers: `127.0.0.1:${server.port}`, ...options });
    this.#connections.push(connection);
    return connection;
  }

  #opened(): OpenServer {
    if (this.#own === undefined) throw new Error('there is a server only while a test runs');
    return this.#own;
  }
}
