/**
 * The workers of a job in other processes, as its coordinator sees them over a network.
 *
 * Owns: who belongs to the job: hello, welcome, joined, lost. A worker is lost when nobody hears what is sent to it any more, its process
 * has said nothing for two seconds, or has not got on for thirty; it may come back under a new session. Does not own: what they are told (coordinator).
 * Invariants: F1 a session that was lost never counts again; F2 only a worker with the same plan and the same Weir is deployed on.
 */
import type { ToSupervisor } from '../../actors/index.ts';
import { packValue, unpackValue } from '../../batch/index.ts';
import { type Clock, type Logger, type Timer, WeirError } from '../../core/index.ts';
import type { Bus, Subscription } from '../../transport/index.ts';
import type { WorkerReports } from '../lead.ts';
import type { SubtaskFacts } from '../subtask-facts.ts';
import type { Workers } from '../workers.ts';
import { ControlLink, senderOf } from './control-link.ts';
import {
  type Alive,
  decodeFromWorker,
  encodeToWorker,
  type Facts,
  type FromWorker,
  type Hello,
  type JobSpec,
  type Subjects,
  subjects,
  type ToWorker,
} from './messages.ts';
import { type Had, hadAfter, slotsOf } from './slots.ts';

export interface FleetOptions {
  readonly bus: Bus;
  readonly prefix: string;
  /** This life of the coordinator: a random id. */
  readonly session: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spec: JobSpec;
  readonly reports: WorkerReports;
}

interface Member {
  readonly session: string;
  readonly slots: number;
  readonly link: ControlLink;
  readonly helloAt: number;
  joined: boolean;
  /** It has read what it would have to restore, as far as there is room. */
  prepared: boolean;
  had: Had | null;
  heardAt: number;
  progress: number;
  progressAt: number;
  /** Whether nobody heard the last question, and since when that has been so. */
  unheard: boolean;
  unheardSince: number | null;
  readonly unheardBy: Subscription;
  /** Where the answer comes that nobody heard. */
  readonly question: string;
  facts: Facts | null;
}

const beatMs = 250;
/** How often it is asked whether a worker is there; NATS itself says so if it is not. */
const lookMs = 50;
/** A worker that nobody hears for so long is dead: its connection broke, and it has not come back at once. */
export const goneAfterMs = 80;
/** One that ran something, and has said hello, is waited for so long: the job goes on sooner where its state is. */
const joinMs = 250;
/** How often spares hear of a checkpoint. */
const prepareMs = 1000;
/** After our own connection broke, workers may take longer to find the server again. */
const reunionMs = 1500;
/** Without a sign of life for this long a worker is dead. */
export const deadAfterMs = 2000;
/** Alive without getting on for this long it is stuck. */
export const stuckAfterMs = 30_000;
/** What a worker may take to hear that the job is over. */
const releaseMs = 1000;

export class Fleet implements Workers {
  readonly #o: FleetOptions;
  readonly #subjects: Subjects;
  readonly #members = new Map<string, Member>();
  readonly #gone = new Set<string>();
  readonly #subscriptions: Subscription[];
  readonly #waiting = new Set<() => void>();
  #timer: Timer;
  #looking: Timer;
  #reunitedAt: number;
  #asked = 0;
  #preparedAt = -Infinity;
  /** The last checkpoint that results were committed of. */
  #committed: { readonly generation: number; readonly epoch: number } | null = null;
  #released = false;
  #closed = false;

  constructor(options: FleetOptions) {
    this.#o = options;
    this.#subjects = subjects(options.prefix);
    const { bus, session } = options;
    this.#subscriptions = [
      bus.subscribe(this.#subjects.hello, (bytes) => this.#onHello(read<Hello>(bytes))),
      bus.subscribe(this.#subjects.alive, (bytes) => this.#onAlive(read<Alive>(bytes))),
      bus.subscribe(this.#subjects.facts, (bytes) => this.#onFacts(read<Facts>(bytes))),
      bus.subscribe(this.#subjects.coordinator(session), (bytes) =>
        this.#members.get(senderOf(bytes) ?? '')?.link.arrived(bytes),
      ),
      bus.onInterrupted(() => (this.#reunitedAt = options.clock.monotonic() + reunionMs)),
    ];
    this.#reunitedAt = options.clock.monotonic();
    this.#timer = this.#beatLater();
    this.#looking = this.#lookLater();
    this.#beat();
  }

  async available(signal: AbortSignal): Promise<readonly string[]> {
    const { spec, logger } = this.#o;
    for (let said = false; ; ) {
      const slots = slotsOf(this.#joined, spec.parallelism);
      const isEnough = slots.length >= spec.parallelism;
      if (isEnough && !this.#isJoining()) return slots;
      if (!isEnough && !said) logger.info({ slots: slots.length, wanted: spec.parallelism }, 'waiting for workers');
      said ||= !isEnough;
      await this.#change(signal);
    }
  }

  send(worker: string, message: ToSupervisor): void {
    const member = this.#members.get(worker);
    if (member !== undefined && message.kind === 'deploy') {
      member.had = hadAfter(message.deployment);
      member.prepared = false;
    }
    member?.link.send(encodeToWorker({ kind: 'control', message }));
    if (message.kind === 'commit') this.#prepareSpares(message.generation, message.epoch);
  }

  /** They read what they may have to restore before they have to. */
  #prepareSpares(generation: number, epoch: number): void {
    const now = this.#o.clock.monotonic();
    this.#committed = { generation, epoch };
    if (now - this.#preparedAt < prepareMs) return;
    this.#preparedAt = now;
    for (const member of this.#joined) this.#prepare(member);
  }

  #prepare(member: Member): void {
    if (this.#committed === null || member.had?.generation === this.#committed.generation) return;
    this.#tell(member, { kind: 'prepare', epoch: this.#committed.epoch });
  }

  facts(): readonly SubtaskFacts[] {
    const all = [...this.#members.values()].flatMap(({ facts }) => (facts === null ? [] : [facts]));
    const generation = Math.max(0, ...all.map((facts) => facts.generation));
    return all.filter((facts) => facts.generation === generation).flatMap(({ subtasks }) => subtasks);
  }

  /** Names of those that are there, and how many slots each has. */
  get members(): readonly { readonly session: string; readonly slots: number }[] {
    return this.#joined;
  }

  get #joined(): readonly Member[] {
    return [...this.#members.values()].filter(({ joined }) => joined);
  }

  get count(): number {
    return this.members.length;
  }

  get spares(): number {
    return this.#joined.filter(({ prepared }) => prepared).length;
  }

  async release(left: boolean): Promise<void> {
    const members = [...this.#members.values()];
    this.#released = true;
    for (const { link } of members) link.send(encodeToWorker({ kind: 'over', left }));
    const told = Promise.all(members.map(({ link }) => link.acknowledged()));
    await Promise.race([told, new Promise<void>((resolve) => void this.#o.clock.setTimer(releaseMs, resolve))]);
    this.#close();
  }

  async kill(): Promise<void> {
    this.#close();
  }

  /** The process of this name is known to have ended: nobody need wait for its silence. */
  processEnded(name: string): void {
    for (const member of [...this.#members.values()])
      if (member.session.startsWith(`${name}-`))
        this.#lose(member, new WeirError('E_CHANNEL', `the process of worker ${member.session} has ended`));
  }

  // ── what workers say

  #onHello(hello: Hello | null): void {
    if (hello === null || this.#closed || this.#released || this.#members.has(hello.session) || this.#gone.has(hello.session))
      return;
    const { bus, clock, session, spec } = this.#o;
    const question = this.#subjects.coordinator(`${session}-${++this.#asked}`);
    const member: Member = {
      session: hello.session,
      slots: hello.slots,
      link: new ControlLink({
        own: session,
        peer: hello.session,
        clock,
        messageBytesMax: bus.maxPayload,
        publish: (message) => bus.publish(this.#subjects.worker(hello.session), message),
        receive: (body) => this.#onMessage(member, decodeFromWorker(body)),
      }),
      helloAt: clock.monotonic(),
      joined: false,
      prepared: false,
      had: hello.had ?? null,
      heardAt: clock.monotonic(),
      progress: 0,
      progressAt: clock.monotonic(),
      unheard: false,
      unheardSince: null,
      unheardBy: bus.subscribe(question, () => this.#onUnheard(member)),
      question,
      facts: null,
    };
    this.#members.set(hello.session, member);
    this.#tell(member, { kind: 'welcome', spec });
  }

  #onMessage(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'joined':
        member.joined = true;
        this.#o.logger.info({ worker: member.session, slots: member.slots }, 'a worker joined');
        this.#prepare(member);
        return this.#changed();
      case 'prepared':
        member.prepared = true;
        return;
      case 'refused':
        this.#o.logger.error({ worker: member.session, reason: message.reason }, 'a worker was refused');
        return this.#forget(member);
      case 'leaving':
        return this.#lose(member, new WeirError('E_CHANNEL', `worker ${member.session} has left`));
      case 'control':
        return this.#o.reports.said(message.message);
    }
  }

  #onAlive(alive: Alive | null): void {
    const member = this.#members.get(alive?.session ?? '');
    if (alive === null || member === undefined) return;
    const now = this.#o.clock.monotonic();
    member.heardAt = now;
    if (alive.progress === member.progress) return;
    member.progress = alive.progress;
    member.progressAt = now;
  }

  #onFacts(facts: Facts | null): void {
    const member = this.#members.get(facts?.session ?? '');
    if (member !== undefined) member.facts = facts;
  }

  // ── life and death

  #beat(): void {
    const { session, bus } = this.#o;
    bus.publish(this.#subjects.beat, packValue({ session, members: [...this.#members.keys()] }));
  }

  #beatLater(): Timer {
    const { clock } = this.#o;
    const dueAt = clock.monotonic() + beatMs;
    return clock.setTimer(beatMs, () => {
      for (const member of [...this.#members.values()]) this.#check(member, dueAt);
      this.#beat();
      this.#timer = this.#beatLater();
    });
  }

  #lookLater(): Timer {
    const { clock, bus } = this.#o;
    return clock.setTimer(lookMs, () => {
      for (const member of this.#members.values()) {
        if (!member.unheard) member.unheardSince = null;
        member.unheard = false;
        bus.publish(this.#subjects.worker(member.session), new Uint8Array(0), member.question);
      }
      this.#changed(); // nobody waits for ever for one that is about to join
      this.#looking = this.#lookLater();
    });
  }

  #onUnheard(member: Member): void {
    const now = this.#o.clock.monotonic();
    member.unheard = true;
    member.unheardSince ??= now;
    if (this.#members.get(member.session) !== member || now - member.unheardSince < goneAfterMs || now < this.#reunitedAt) return;
    this.#lose(member, new WeirError('E_CHANNEL', `worker ${member.session} has no connection to the server any more`));
  }

  /** @param now when this was due: if our own loop stood still until later, what workers said meanwhile is not read yet */
  #check(member: Member, now: number): void {
    const { session } = member;
    if (now - member.heardAt >= deadAfterMs)
      return this.#lose(member, new WeirError('E_CHANNEL', `worker ${session} has said nothing for ${deadAfterMs / 1000} s`));
    if (now - member.progressAt >= stuckAfterMs)
      this.#lose(member, new WeirError('E_STUCK', `worker ${session} has not got on for ${stuckAfterMs / 1000} s`));
  }

  #lose(member: Member, error: WeirError): void {
    this.#forget(member);
    if (this.#released) return; // it was told to go
    this.#o.logger.warn({ worker: member.session, err: error.message }, 'a worker was lost');
    if (member.joined) this.#o.reports.lost(member.session, error);
  }

  #forget(member: Member): void {
    member.link.close();
    member.unheardBy.close();
    this.#members.delete(member.session);
    this.#gone.add(member.session); // F1
  }

  #tell(member: Member, message: ToWorker): void {
    member.link.send(encodeToWorker(message));
  }

  #isJoining(): boolean {
    const since = this.#o.clock.monotonic() - joinMs;
    return [...this.#members.values()].some(({ joined, had, helloAt }) => !joined && had !== null && helloAt > since);
  }

  #changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const wake = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        this.#waiting.delete(wake);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(wake);
    });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.cancel();
    this.#looking.cancel();
    for (const subscription of this.#subscriptions) subscription.close();
    for (const { link, unheardBy } of this.#members.values()) {
      link.close();
      unheardBy.close();
    }
  }
}

/** Null for what is none of ours. */
function read<T extends { readonly session: string }>(bytes: Uint8Array): T | null {
  try {
    const value = unpackValue(bytes) as T | null;
    return typeof value?.session === 'string' ? value : null;
  } catch {
    return null;
  }
}
