/**
 * A worker's side of a job whose coordinator is elsewhere.
 *
 * Owns: finding a coordinator, making its plan, running what it deploys, and leaving. A worker that its coordinator does not count
 * any more, or that hears another one, closes all it runs and looks again under a new session.
 * Invariants: F3 what an earlier session ran is closed before the next one says hello; F4 a worker that hears no coordinator for
 * five seconds ends.
 */
import { Supervisor, type WorkerEnvironment } from '../../actors/index.ts';
import { packValue, unpackValue } from '../../batch/index.ts';
import { manifestId } from '../../coordinator/index.ts';
import { type Timer, type Random, WeirError } from '../../core/index.ts';
import type { PhysicalPlan } from '../../plan/index.ts';
import { blobsOf, decodeManifest, type Manifest } from '../../state/index.ts';
import type { Bus, Subscription } from '../../transport/index.ts';
import { factsOf } from '../subtask-facts.ts';
import { ControlLink, senderOf } from './control-link.ts';
import {
  type Beat,
  decodeToWorker,
  type DeploymentForm,
  encodeFromWorker,
  type FromWorker,
  type Hello,
  type JobSpec,
  type ReceivedByWorker,
  type Subjects,
  subjects,
} from './messages.ts';
import { type Had, hadAfter } from './slots.ts';

export interface RemoteWorkerOptions {
  readonly bus: Bus;
  readonly prefix: string;
  /** For people: host and process, say. */
  readonly name: string;
  readonly slots: number;
  readonly version: string;
  readonly random: Random;
  readonly environment: WorkerEnvironment;
  /** The plan that this process's module makes of the parameters. */
  readonly plan: (spec: JobSpec) => Promise<PhysicalPlan>;
  /** The session under which signs of life must be given from now on. */
  readonly session: (session: string) => void;
  /** False while there is no connection: that nothing is heard then means nothing (always true). */
  readonly canHear?: () => boolean;
}

const helloMs = 250;
const factsMs = 500;
/** A beat that does not count us may have been under way as we came; a fourth one is meant. One that was counted is so no more. */
const uncountedMax = 4;
/** As long as our own coordinator speaks, another one that does is one that woke up after its time. */
const ownSilenceMax = 1000;
export const orphanedAfterMs = 5000;
/** A timer that is so late stood still with its process. */
const asleepMs = 1000;

/** Resolves when the job is over; rejects when the worker cannot be of use. */
export class RemoteWorker {
  readonly over: Promise<void>;
  readonly #o: RemoteWorkerOptions;
  readonly #subjects: Subjects;
  readonly #beats: Subscription;
  #session!: Session;
  #beatAt: number;
  #timer: Timer;
  #settle: { resolve: () => void; reject: (error: WeirError) => void } = { resolve: () => {}, reject: () => {} };
  #ended = false;
  /** It has belonged to a job. */
  #served = false;
  /** What it ran last, under whatever session. */
  #had: Had | null = null;
  /** Its coordinator said goodbye, and none has come since: then nothing is wrong. */
  #isLeft = false;

  constructor(options: RemoteWorkerOptions) {
    this.#o = options;
    this.#subjects = subjects(options.prefix);
    this.over = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#beatAt = options.environment.clock.monotonic();
    this.#beats = options.bus.subscribe(this.#subjects.beat, (bytes) => this.#onBeat(bytes));
    this.#begin(true);
    this.#timer = this.#lookLater();
  }

  /** Says goodbye, and ends: its coordinator need not find out by its silence. */
  async leave(): Promise<void> {
    this.#session.goodbye();
    await this.kill();
  }

  /** Ends at once, as a crash would. */
  async kill(): Promise<void> {
    this.#leave();
    await this.#session.close();
  }

  #begin(isFirst = false): void {
    const { name, random } = this.#o;
    const session = new Session(`${name}-${random.id().slice(0, 8)}`, this.#o, {
      over: () => this.#end(null),
      left: () => {
        this.#isLeft = true;
        this.#served = true;
        void this.#again('its coordinator has left: looking for another');
      },
      refused: (error) => this.#end(error),
      deployed: (had) => (this.#had = had),
      had: () => this.#had,
    });
    this.#session = session;
    this.#o.session(session.id);
    // One that has nothing leaves the first word to those that have something: it says hello in a moment.
    if (isFirst || this.#had !== null) session.hello();
  }

  #onBeat(bytes: Uint8Array): void {
    const beat = beatOf(bytes);
    if (beat === null || this.#ended) return;
    this.#beatAt = this.#o.environment.clock.monotonic();
    if (!this.#session.counts(beat)) void this.#again('no longer counted: joining again');
  }

  /** F3: under another session, once everything of this one is closed. */
  async #again(why: string): Promise<void> {
    const { session } = { session: this.#session };
    if (session.closing) return;
    this.#o.environment.logger.warn({ worker: session.id }, why);
    await session.close();
    if (!this.#ended) this.#begin();
  }

  #lookLater(): Timer {
    const { clock } = this.#o.environment;
    const dueAt = clock.monotonic() + helloMs;
    return clock.setTimer(helloMs, () => {
      const now = clock.monotonic();
      // Whoever was asleep, or has no connection, could not have heard anybody.
      if (now - dueAt >= asleepMs || this.#o.canHear?.() === false) this.#beatAt = now;
      const silence = now - this.#beatAt;
      this.#served ||= this.#session.joined;
      this.#isLeft &&= !this.#session.joined;
      if (silence >= orphanedAfterMs && this.#served) return void this.#end(this.#isLeft ? null : orphaned());
      this.#session.hello();
      this.#timer = this.#lookLater();
    });
  }

  async #end(error: WeirError | null): Promise<void> {
    this.#leave();
    await this.#session.close();
    if (error === null) this.#settle.resolve();
    else this.#settle.reject(error);
  }

  #leave(): void {
    this.#ended = true;
    this.#timer.cancel();
    this.#beats.close();
  }
}

const orphaned = (): WeirError => new WeirError('E_CHANNEL', `the coordinator has said nothing for ${orphanedAfterMs / 1000} s`);

interface SessionEvents {
  readonly over: () => void;
  readonly left: () => void;
  readonly refused: (error: WeirError) => void;
  readonly deployed: (had: Had) => void;
  readonly had: () => Had | null;
}

/** One membership: from hello until it is lost or over. */
class Session {
  readonly id: string;
  readonly #o: RemoteWorkerOptions;
  readonly #events: SessionEvents;
  readonly #subjects: Subjects;
  readonly #inbox: Subscription;
  #link: ControlLink | null = null;
  #coordinator: string | null = null;
  #supervisor: Supervisor | null = null;
  #generation = 0;
  #uncounted = 0;
  #wasCounted = false;
  #ownBeatAt = 0;
  #order: Promise<void> = Promise.resolve();
  #facts: Timer | null = null;
  #preparation: AbortController | null = null;
  closing = false;

  constructor(id: string, options: RemoteWorkerOptions, events: SessionEvents) {
    this.id = id;
    this.#o = options;
    this.#events = events;
    this.#subjects = subjects(options.prefix);
    this.#inbox = options.bus.subscribe(this.#subjects.worker(id), (bytes) => this.#arrived(bytes));
  }

  get joined(): boolean {
    return this.#supervisor !== null;
  }

  hello(): void {
    if (this.#link !== null || this.closing) return;
    this.#o.bus.publish(
      this.#subjects.hello,
      packValue({ session: this.id, slots: this.#o.slots, had: this.#events.had() } satisfies Hello),
    );
  }

  goodbye(): void {
    if (this.joined) this.#say({ kind: 'leaving' });
  }

  /** False: this session is of no use any more. */
  counts({ session, members }: Beat): boolean {
    if (this.#coordinator === null || this.closing) return true;
    if (this.#o.environment.sabotage?.break === 'no-generation') return true;
    const now = this.#o.environment.clock.monotonic();
    if (session !== this.#coordinator) return now - this.#ownBeatAt < ownSilenceMax;
    this.#ownBeatAt = now;
    const isCounted = members.includes(this.id);
    this.#wasCounted ||= isCounted;
    this.#uncounted = isCounted ? 0 : this.#uncounted + 1;
    return this.#uncounted < (this.#wasCounted ? 1 : uncountedMax);
  }

  async close(): Promise<void> {
    this.closing = true;
    this.#preparation?.abort();
    this.#inbox.close();
    this.#link?.close();
    this.#facts?.cancel();
    await this.#supervisor?.close();
  }

  /** The first who answers is our coordinator. */
  #arrived(bytes: Uint8Array): void {
    if (this.#link === null) {
      const coordinator = senderOf(bytes);
      if (coordinator === null) return;
      this.#coordinator = coordinator;
      this.#ownBeatAt = this.#o.environment.clock.monotonic();
      this.#link = this.#linkTo(coordinator);
    }
    this.#link.arrived(bytes);
  }

  #linkTo(coordinator: string): ControlLink {
    const { bus, environment } = this.#o;
    return new ControlLink({
      own: this.id,
      peer: coordinator,
      clock: environment.clock,
      messageBytesMax: bus.maxPayload,
      publish: (message) => bus.publish(this.#subjects.coordinator(coordinator), message),
      receive: (body) => this.#inOrder(body),
    });
  }

  /** A deployment is complete only once its manifest is read; what follows waits. */
  #inOrder(body: Uint8Array): void {
    this.#order = this.#order.then(async () => {
      if (this.closing) return;
      try {
        await this.#onMessage(decodeToWorker(body));
      } catch (error) {
        this.#events.refused(WeirError.from(error, 'E_INTERNAL'));
      }
    });
  }

  async #onMessage(message: ReceivedByWorker): Promise<void> {
    switch (message.kind) {
      case 'welcome':
        return this.#join(message.spec);
      case 'prepare':
        return void this.#prepare(message.epoch);
      case 'over':
        return message.left ? this.#events.left() : this.#events.over();
      case 'deploy':
        return this.#deploy(message.deployment);
      case 'control':
        return this.#supervisor?.receive(message.message);
    }
  }

  /** Reads what it would restore, until it has to. Nothing that goes wrong with it matters: what is missing is read then. */
  async #prepare(epoch: number): Promise<void> {
    const { blobs } = this.#o.environment.stores;
    if (blobs.warm === undefined || this.#preparation !== null) return;
    const preparation = new AbortController();
    this.#preparation = preparation;
    try {
      await blobs.warm(blobsOf(await this.#manifest(epoch)), preparation.signal);
      if (!preparation.signal.aborted && !this.closing) this.#say({ kind: 'prepared' });
    } catch (error) {
      this.#o.environment.logger.debug({ checkpoint: epoch, err: String(error) }, 'a checkpoint could not be read ahead');
    } finally {
      this.#preparation = null;
    }
  }

  async #deploy({ restore, ...deployment }: DeploymentForm): Promise<void> {
    const { generation } = deployment;
    this.#generation = generation;
    this.#preparation?.abort();
    this.#events.deployed(hadAfter(deployment));
    try {
      const manifest = restore === null ? null : await this.#manifest(restore);
      this.#supervisor?.receive({ kind: 'deploy', deployment: { ...deployment, restore: manifest } });
    } catch (thrown) {
      const error = WeirError.from(thrown, 'E_STORE', `checkpoint ${restore}`);
      this.#say({ kind: 'control', message: { kind: 'failed', generation, subtask: this.id, operator: null, error } });
    }
  }

  async #manifest(epoch: number): Promise<Manifest> {
    return decodeManifest(await this.#o.environment.stores.blobs.get(manifestId(epoch)), `checkpoint ${epoch}`);
  }

  async #join(spec: JobSpec): Promise<void> {
    const { version, environment } = this.#o;
    if (spec.version !== version) return this.#refuse(`Weir ${version}, the coordinator runs Weir ${spec.version}`);
    const plan = await this.#o.plan(spec);
    if (plan.fingerprint !== spec.fingerprint)
      return this.#refuse(`its module makes plan ${plan.fingerprint}, the coordinator's makes ${spec.fingerprint}`);
    if (this.closing) return;
    this.#supervisor = new Supervisor(this.id, plan, environment, (message) => this.#say({ kind: 'control', message }));
    this.#say({ kind: 'joined' });
    this.#factsLater();
  }

  #refuse(reason: string): void {
    this.#say({ kind: 'refused', reason });
    const error = new WeirError('E_STATE_INCOMPATIBLE', `this worker cannot join: ${reason}`, {
      hint: 'start workers with the same module and the same version of Weir as the coordinator',
    });
    void this.#link!.acknowledged().then(() => this.#events.refused(error));
  }

  #say(message: FromWorker): void {
    if (!this.closing) this.#link!.send(encodeFromWorker(message));
  }

  #factsLater(): void {
    const { bus, environment } = this.#o;
    this.#facts = environment.clock.setTimer(factsMs, () => {
      const subtasks = factsOf(this.id, this.#supervisor!.subtasks, environment.clock);
      bus.publish(this.#subjects.facts, packValue({ session: this.id, generation: this.#generation, subtasks }));
      this.#factsLater();
    });
  }
}

function beatOf(bytes: Uint8Array): Beat | null {
  try {
    const beat = unpackValue(bytes) as Beat | null;
    return typeof beat?.session === 'string' && Array.isArray(beat.members) ? beat : null;
  } catch {
    return null;
  }
}
