/**
 * Where a coordinator answers operators, over NATS.
 *
 * Owns: who is answered: only the present leader answers, and each question once, however often it arrives. Does not own: what is done
 * (operated-job.ts), nor the form of questions and answers (operator-messages.ts).
 * Invariants: OP2 one that lost its lease answers nobody, but those that it was answering: they are told that it is gone; OP3 answers go to
 * inboxes alone, so that nobody has a coordinator speak on the subjects of a job.
 */
import { LeaseLost } from '../../coordinator/index.ts';
import { type Clock, type Logger, type Timer, WeirError } from '../../core/index.ts';
import type { Bus, Subscription } from '../../transport/index.ts';
import { type OperatedJob, takeSavepoint } from '../operated-job.ts';
import {
  controlSubject,
  decodeRequest,
  encodeAnswer,
  type LastAnswer,
  type OperatorAnswer,
  type OperatorRequest,
  refusalOf,
} from './operator-messages.ts';

export interface OperatorDeskOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly job: OperatedJob;
  /** This process leads the job at this moment. */
  readonly leads: () => boolean;
}

const workingMs = 1000;
/** Questions that are answered at a time. */
const questionsMax = 32;
const notInboxes = /^(weir|weir-store|\$[^.]*)\.|[*>\s]/;

export class OperatorDesk {
  readonly #o: OperatorDeskOptions;
  readonly #subscription: Subscription;
  /** By where the answer goes. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: OperatorDeskOptions) {
    this.#o = options;
    this.#subscription = options.bus.subscribe(controlSubject(options.job.name), (bytes, reply) => this.#heard(bytes, reply));
  }

  /** Resolves once everybody who was to be answered is. */
  async close(): Promise<void> {
    this.#subscription.close();
    await Promise.all(this.#underWay.values());
    await this.#o.bus.flush().catch(() => undefined); // the connection is gone, and with it who asked
  }

  #heard(bytes: Uint8Array, reply: string | undefined): void {
    if (bytes.length === 0 || reply === undefined || !this.#o.leads() || this.#underWay.has(reply)) return; // OP2
    if (notInboxes.test(reply)) return this.#o.logger.warn({ reply }, 'a question was dropped: its answer is to go to no inbox'); // OP3
    const answered = this.#answer(bytes, reply).finally(() => this.#underWay.delete(reply));
    this.#underWay.set(reply, answered);
  }

  async #answer(bytes: Uint8Array, reply: string): Promise<void> {
    let working: Timer | undefined;
    try {
      if (this.#underWay.size >= questionsMax) throw new WeirError('E_USAGE', 'too much is asked at once: ask again later');
      const request = decodeRequest(bytes);
      if (request.ask !== 'status') {
        this.#o.logger.info({ ...request }, 'an operator asks');
        working = this.#work(reply, (next) => (working = next));
      }
      this.#say(reply, await this.#done(request));
    } catch (error) {
      const isGone =
        error instanceof LeaseLost || (!this.#o.leads() && !(error instanceof WeirError && error.code === 'E_USAGE'));
      this.#say(reply, isGone ? { kind: 'gone' } : { kind: 'failed', error: refusalOf(error) });
    } finally {
      working?.cancel();
    }
  }

  async #done(request: OperatorRequest): Promise<LastAnswer> {
    const { job, clock } = this.#o;
    switch (request.ask) {
      case 'status':
        return { kind: 'status', at: clock.now(), status: job.status() };
      case 'why':
        return { kind: 'why', why: await job.why(request.operator, request.key) };
      case 'stop':
        return { kind: 'stopped', ...(await job.stopForAll(request.savepoint)) };
      case 'savepoint':
        return { kind: 'saved', ...(await takeSavepoint(job, request.directory)) };
    }
  }

  #work(reply: string, next: (timer: Timer) => void): Timer {
    this.#say(reply, { kind: 'working' });
    return this.#o.clock.setTimer(workingMs, () => next(this.#work(reply, next)));
  }

  #say(reply: string, answer: OperatorAnswer): void {
    const { bus } = this.#o;
    bus.publish(reply, encodeAnswer(answer, bus.maxPayload));
  }
}
