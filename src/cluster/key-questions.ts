/**
 * What of one key is open: the subtask that has its state is asked, and answers.
 *
 * Owns: the questions that are under way. A subtask may be on its way to another worker: then it is asked again there, for a while.
 */
import type { SeenKey, ToSupervisor } from '../actors/index.ts';
import { hashKey, keyGroupOf, keyOf } from '../batch/index.ts';
import { type Clock, type Generation, sleep, WeirError } from '../core/index.ts';
import { openKeys, type PhysicalPlan, routingTable } from '../plan/index.ts';
import { keyValuesOf } from './key-text.ts';
import type { JobStatus } from './status.ts';
import type { Workers } from './workers.ts';

export interface KeyQuestionsOptions {
  readonly plan: PhysicalPlan;
  readonly clock: Clock;
  readonly workers: () => Pick<Workers, 'facts' | 'send'>;
  readonly generation: () => Generation;
}
/** One key, where it is, and what was seen of it. */
export interface KeyAnswer {
  readonly values: readonly unknown[];
  readonly subtask: number;
  readonly worker: string;
  readonly seen: SeenKey;
}

const againMs = 500;
const attemptsMax = 6;

export class KeyQuestions {
  readonly #o: KeyQuestionsOptions;
  readonly #waiting = new Map<number, (seen: SeenKey) => void>();
  #asked = 0;

  constructor(options: KeyQuestionsOptions) {
    this.#o = options;
  }

  answered(question: number, seen: SeenKey): void {
    this.#waiting.get(question)?.(seen);
  }

  /** @throws WeirError `E_USAGE` for what is no key of the operator, `E_CLOSURE` if a function throws that is asked, `E_STUCK` if nobody answers */
  async ask(operator: string, text: string): Promise<KeyAnswer> {
    const { plan } = this.#o;
    const stage = plan.stages.find(({ operators }) => operators.some(({ id }) => id === operator))!;
    const { node } = stage.operators.find(({ id }) => id === operator)!;
    const values = keyValuesOf(text, openKeys(node)!);
    const key = keyOf(values);
    const subtask = routingTable(plan.keyGroups, stage.parallelism)[keyGroupOf(hashKey(key), plan.keyGroups)]!;
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const status = this.#statusOf(operator, subtask);
      const seen = await this.#askOnce(status?.worker, { operator, subtask, key });
      if (seen?.error !== undefined)
        throw new WeirError('E_CLOSURE', `what of this key is open in ${operator} cannot be told: ${seen.error}`);
      if (seen !== undefined) return { values, subtask, worker: status!.worker, seen };
    }
    throw new WeirError('E_STUCK', `subtask ${subtask} of ${operator}, which has this key, does not answer`, {
      hint: 'look at weir status, and ask again once the job runs',
    });
  }

  #statusOf(operator: string, subtask: number): JobStatus['subtasks'][number] | undefined {
    const facts = this.#o.workers().facts();
    return facts.find(({ status }) => status.subtask === subtask && status.operators.includes(operator))?.status;
  }

  /** Undefined: no answer came. */
  async #askOnce(
    worker: string | undefined,
    about: Pick<Extract<ToSupervisor, { kind: 'look' }>, 'operator' | 'subtask' | 'key'>,
  ): Promise<SeenKey | undefined> {
    const question = ++this.#asked;
    const done = new AbortController();
    let answer: SeenKey | undefined;
    this.#waiting.set(question, (seen) => {
      answer = seen;
      done.abort();
    });
    if (worker !== undefined)
      this.#o.workers().send(worker, { kind: 'look', generation: this.#o.generation(), question, ...about });
    await sleep(this.#o.clock, againMs, done.signal).catch(() => undefined); // it came
    this.#waiting.delete(question);
    return answer;
  }
}
