/**
 * The processes of one job under chaos: two coordinators and some workers, each in its place.
 *
 * Owns: who is there, and that places do not stay empty. Does not own: what happens to them (nemesis/).
 */
import { join } from 'node:path';
import { type Clock, type Random, WeirError } from '../core/index.ts';
import type { Link } from './proxy/link.ts';
import { Member, type MemberEnd, type MemberRole } from './member.ts';

export interface ClusterOptions {
  /** The job's module: an absolute path. */
  readonly module: string;
  /** Of node, before the words of the role. */
  readonly program: readonly string[];
  /** Behind `--`. */
  readonly params: readonly string[];
  readonly workers: number;
  readonly parallelism: number;
  /** Between checkpoints. */
  readonly intervalMs: number;
  readonly heapMb: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Tests only: see core/sabotage.ts. */
  readonly break?: string;
  /** For logs. */
  readonly directory: string;
  /** For the copies of snapshots, a folder for each worker; undefined: they keep none. */
  readonly caches?: string;
  /** Words before those that start a process. */
  readonly within: readonly string[];
  readonly natsPort: number;
  /** Something can happen on the way to the server. */
  readonly links: boolean;
  readonly clock: Clock;
  readonly random: Random;
}

const coordinators = 2;
/** One that died is started again so much later, as by whoever looks after processes; what takes over at once is a spare worker. */
const againMs = 1000;

export class Cluster {
  readonly #o: ClusterOptions;
  readonly #places = new Map<string, Member | null>();
  readonly #ends: MemberEnd[] = [];
  readonly #starting = new Set<Promise<void>>();
  readonly #held = new Set<string>();
  readonly #begun = new Set<(link: Link) => void>();
  #isClosed = false;
  #over: (end: MemberEnd) => void = () => undefined;
  /** Resolves when a coordinator has ended by itself: the job is over, or has failed. */
  readonly over: Promise<MemberEnd>;

  constructor(options: ClusterOptions) {
    this.#o = options;
    this.over = new Promise((resolve) => (this.#over = resolve));
    for (let n = 1; n <= coordinators; n++) this.#places.set(`coordinator-${n}`, null);
    for (let n = 1; n <= options.workers; n++) this.#places.set(`worker-${n}`, null);
  }

  get members(): readonly Member[] {
    return [...this.#places.values()].filter((member) => member !== null && member.isAlive) as Member[];
  }

  get workers(): readonly Member[] {
    return this.members.filter(({ role, isAside }) => role === 'worker' && !isAside);
  }

  /** Nobody is missing, or stands still. */
  get isFull(): boolean {
    return [...this.#places.values()].every((member) => member !== null && member.isAlive && !member.isAside);
  }

  get leader(): Member | undefined {
    return this.members.find(({ role, isAside, part }) => role === 'coordinator' && !isAside && part === 'leading');
  }

  get standby(): Member | undefined {
    return this.members.find(({ role, isAside, part }) => role === 'coordinator' && !isAside && part === 'waiting');
  }

  /** Processes that ended although nobody ended them. */
  get ends(): readonly MemberEnd[] {
    return this.#ends;
  }

  /** Of a worker's copies, as it is seen from here. */
  cacheOf(place: string): string | undefined {
    return this.#o.caches === undefined ? undefined : join(this.#o.caches, place);
  }

  /** Its place stays empty until the returned function is called. */
  hold(place: string): () => void {
    this.#held.add(place);
    return () => {
      this.#held.delete(place);
      if (!this.#isClosed && this.#places.get(place) === null) void this.#start(place);
    };
  }

  /** On the links of all processes, and of those that are started meanwhile, until the returned function is called. */
  everywhere(begin: (link: Link) => () => void): () => void {
    const ends = new Map<Link, () => void>();
    const one = (link: Link): void => void ends.set(link, begin(link));
    for (const { link } of this.members) if (link !== undefined) one(link);
    this.#begun.add(one);
    return () => {
      this.#begun.delete(one);
      for (const end of ends.values()) end();
    };
  }

  /** Until `close`, a process is started wherever there is none. */
  async fill(): Promise<void> {
    await Promise.all([...this.#places].flatMap(([place, member]) => (member === null ? [this.#start(place)] : [])));
  }

  /** A process for a while, in a place that is not filled again. */
  async guest(role: MemberRole, name: string): Promise<Member> {
    const guest = await this.#spawn(role, name);
    this.#places.set(name, guest);
    void guest.ended.then(() => this.#places.delete(name));
    return guest;
  }

  /** As an operator stops a job: the coordinators are told to, and workers go by themselves. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#starting);
    const { standby, leader } = this;
    await standby?.stop();
    const asked = leader?.stop();
    const all = Promise.all([asked, ...this.members.map(({ ended }) => ended)]);
    const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([all, late]);
    const still = this.members.map(({ place }) => place);
    if (still.length > 0) throw new WeirError('E_STUCK', `told to stop, and still there: ${still.join(', ')}`);
    const end = await asked;
    if (end !== undefined && end.how !== '0')
      throw new WeirError('E_STUCK', `told to stop, ${end.place} ended with ${end.how}: ${end.said.slice(-1000)}`);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#starting);
    await Promise.all(this.members.map((member) => member.kill()));
  }

  #start(place: string): Promise<void> {
    const starting = this.#begin(place).finally(() => this.#starting.delete(starting));
    this.#starting.add(starting);
    return starting;
  }

  async #begin(place: string): Promise<void> {
    const member = await this.#spawn(place.startsWith('worker') ? 'worker' : 'coordinator', place);
    this.#places.set(place, member);
    void member.ended.then((end) => this.#ended(end));
  }

  #ended(end: MemberEnd): void {
    this.#places.set(end.place, null);
    if (this.#isClosed) return;
    if (!end.meant) {
      this.#ends.push(end);
      if (end.role === 'coordinator') return this.#over(end);
    }
    this.#o.clock.setTimer(againMs, () => {
      if (!this.#isClosed && !this.#held.has(end.place) && this.#places.get(end.place) === null) void this.#start(end.place);
    });
  }

  async #spawn(role: MemberRole, place: string): Promise<Member> {
    const { program, within, environment, directory, heapMb, natsPort, links, clock, random } = this.#o;
    const base = { role, place, program, within, environment, directory, heapMb, natsPort, links, clock, random };
    const member = await Member.start({
      ...base,
      words: role === 'worker' ? this.#workerWords(place) : this.#coordinatorWords(),
    });
    if (member.link !== undefined) for (const begin of this.#begun) begin(member.link);
    return member;
  }

  #coordinatorWords(): string[] {
    const { module, params, parallelism, intervalMs, break: broken } = this.#o;
    return [
      module,
      ...['--parallelism', String(parallelism)],
      ...['--checkpoint-interval', String(intervalMs)],
      ...(broken === undefined ? [] : ['--break', broken]),
      ...(params.length === 0 ? [] : ['--', ...params]),
    ];
  }

  #workerWords(place: string): string[] {
    const { module, caches, break: broken } = this.#o;
    return [
      module,
      ...(caches === undefined ? [] : ['--cache', join(caches, place)]),
      ...(broken === undefined ? [] : ['--break', broken]),
    ];
  }
}
