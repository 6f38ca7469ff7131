/**
 * A place in the cluster, and the process that has it: a coordinator or a worker, which is killed and started again.
 *
 * Owns: the process, its link to the server, what it said, and its files, which the next one in its place finds. Ends with this process.
 */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, ownModule, type Random } from '../core/index.ts';
import { spawnTied, type TiedChild } from '../runtime/index.ts';
import { type AgentOrder, ordersVariable } from './agent-order.ts';
import { Link } from './proxy/link.ts';

export type MemberRole = 'coordinator' | 'worker';

export interface MemberOptions {
  readonly role: MemberRole;
  /** `worker-2` */
  readonly place: string;
  /** Words before those of node. */
  readonly within: readonly string[];
  /** Of node, before the words of the role. */
  readonly program: readonly string[];
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For its log. */
  readonly directory: string;
  /** MiB of its heap. */
  readonly heapMb: number;
  readonly natsPort: number;
  readonly links: boolean;
  readonly clock: Clock;
  readonly random: Random;
}

export interface MemberEnd {
  readonly place: string;
  readonly role: MemberRole;
  readonly how: string;
  /** We did it. */
  readonly meant: boolean;
  readonly said: string;
}

const agent = ownModule('chaos/agent').href;
const leading = [' leads job ', ' starts anew', ' goes on from checkpoint'];
const saidCharactersMax = 100_000;
type Part = 'starting' | 'leading' | 'waiting';

/** By the last that it said of it, which may have been long ago. */
function partAfter(said: string, before: Part): Part {
  const leads = Math.max(...leading.map((words) => said.lastIndexOf(words)));
  const waits = said.lastIndexOf('waiting to take over');
  return leads === waits ? before : leads > waits ? 'leading' : 'waiting';
}

export class Member {
  readonly role: MemberRole;
  readonly place: string;
  /** Its way to the server, if something can happen on it. */
  readonly link: Link | undefined;
  /** It stands still, or its process was meant to end: nobody is to be counted on. */
  isAside = false;
  readonly ended: Promise<MemberEnd>;
  readonly #child: TiedChild;
  readonly #orders: string;
  #isOver = false;
  #isMeant = false;
  #said = '';
  #part: Part = 'starting';

  private constructor(options: MemberOptions, link: Link | undefined, child: TiedChild, log: number, orders: string) {
    this.role = options.role;
    this.place = options.place;
    this.link = link;
    this.#child = child;
    this.#orders = orders;
    child.onText((text) => {
      this.#said = (this.#said + text).slice(-saidCharactersMax);
      this.#part = partAfter(this.#said, this.#part);
      writeSync(log, text);
    });
    this.ended = child.ended.then(async ({ code, signal }) => {
      this.#isOver = true;
      closeSync(log);
      await link?.close();
      return { place: this.place, role: this.role, how: signal ?? String(code), meant: this.#isMeant, said: this.#said };
    });
  }

  static async start(options: MemberOptions): Promise<Member> {
    const { role, place, within, program, words, environment, directory, heapMb, natsPort, links, clock, random } = options;
    const link = links ? await Link.open(natsPort, clock, random) : undefined;
    const orders = join(directory, `${place}.orders`);
    const log = openSync(join(directory, `${place}.log`), 'a');
    const node = [process.execPath, `--max-old-space-size=${heapMb}`, '--import', agent];
    const [command, ...rest] = [...within, ...node, ...program, role, ...words];
    const child = await spawnTied(command!, rest, {
      environment: { ...environment, NATS_URL: link?.url ?? `nats://127.0.0.1:${natsPort}`, [ordersVariable]: orders },
      directory,
    });
    return new Member(options, link, child, log, orders);
  }

  get isAlive(): boolean {
    return !this.#isOver;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** By the last that it said of its part. */
  get part(): Part {
    return this.#part;
  }

  async kill(): Promise<void> {
    this.#isMeant = true;
    this.#child.signal('SIGKILL');
    await this.ended;
  }

  /** To its end, as an operator would. */
  async stop(): Promise<MemberEnd> {
    this.#child.signal('SIGTERM');
    return this.ended;
  }

  pause(): void {
    this.#child.signal('SIGSTOP');
  }

  goOn(): void {
    this.#child.signal('SIGCONT');
  }

  order(order: AgentOrder): void {
    if (order.what === 'exhaust') this.#isMeant = true;
    writeFileSync(this.#orders, JSON.stringify(order));
    this.#child.signal('SIGUSR2');
  }
}
