/** The nats-server of a cluster under chaos: killed, paused and started again, on its port and its files. */
import { type PrivateServer, type PrivateServerOptions, startPrivateServer } from '../runtime/index.ts';

export class Broker {
  readonly #options: PrivateServerOptions;
  #server: PrivateServer;

  private constructor(options: PrivateServerOptions, server: PrivateServer) {
    this.#options = options;
    this.#server = server;
  }

  static async start(options: PrivateServerOptions): Promise<Broker> {
    return new Broker(options, await startPrivateServer(options));
  }

  get url(): string {
    return this.#server.url;
  }

  get port(): number {
    return this.#server.port;
  }

  /** `2.10.27` */
  get version(): string {
    return this.#server.version;
  }

  async again(): Promise<void> {
    this.#server = await startPrivateServer({ ...this.#options, port: this.#server.port });
  }

  kill(): Promise<void> {
    return this.#server.kill();
  }

  /** As an operator would. */
  stop(): Promise<void> {
    return this.#server.stop();
  }

  pause(): void {
    process.kill(this.#server.pid, 'SIGSTOP');
  }

  goOn(): void {
    process.kill(this.#server.pid, 'SIGCONT');
  }
}
