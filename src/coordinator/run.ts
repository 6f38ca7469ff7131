/**
 * One run of a job: what it reads, and how often it has epochs.
 *
 * Owns: what follows from its trigger. A run that ends with what is there asks each source for its splits, and where each ends now.
 * Invariants: D1 that is asked once a run, so that a generation which follows a failure ends where the one before would have.
 */
import type { SourceDrain } from '../actors/index.ts';
import { continuous, type OperatorId, type RunTrigger, WeirError } from '../core/index.ts';
import type { SourceNode } from '../plan/index.ts';
import type { CoordinatorOptions } from './coordinator-options.ts';
import { sourcesOf } from './placement.ts';

type RunOptions = Pick<CoordinatorOptions, 'plan' | 'trigger' | 'discover' | 'endNow' | 'checkpointIntervalMs'>;

export class Run {
  readonly #o: RunOptions;
  readonly #trigger: RunTrigger;
  #present: Readonly<Record<string, SourceDrain>> | null = null;

  constructor(options: RunOptions) {
    this.#o = options;
    this.#trigger = options.trigger ?? continuous;
  }

  /** It ends with what is there. */
  get drains(): boolean {
    return this.#trigger.kind === 'drain';
  }

  /** Source → what it reads of it; null: for ever. */
  get present(): Readonly<Record<string, SourceDrain>> | null {
    return this.#present;
  }

  /** Infinite: no epoch opens by itself. */
  get intervalMs(): number {
    if (this.#trigger.kind === 'every') return this.#trigger.everyMs;
    if (this.#trigger.kind === 'drain' && this.#trigger.oneEpoch) return Infinity;
    return this.#o.checkpointIntervalMs ?? this.#o.plan.job.checkpointEveryMs;
  }

  /** @throws WeirError `E_PLAN` for a source that has no end to come to */
  check(): void {
    if (!this.drains) return;
    for (const { operators } of sourcesOf(this.#o.plan)) {
      const { source, site } = operators[0]!.node as SourceNode;
      if (source.endless === undefined) continue;
      const where = site === '' ? source.name : `${site}: ${source.name}`;
      throw new WeirError('E_PLAN', `${where} cannot be read to its present end: ${source.endless}`, {
        hint: "run the job with trigger 'continuous', or read from a source that keeps its rows (files, JetStream)",
      });
    }
  }

  /** Before anything is deployed. */
  async look(): Promise<void> {
    if (this.#present !== null || !this.drains) return;
    const present: Record<string, SourceDrain> = {};
    for (const { operators } of sourcesOf(this.#o.plan)) present[operators[0]!.id] = await this.#presentOf(operators[0]!.id);
    this.#present = present;
  }

  async splitsOf(source: OperatorId): Promise<readonly string[]> {
    return this.#present === null ? this.#o.discover(source) : this.#present[source]!.splits;
  }

  async #presentOf(source: OperatorId): Promise<SourceDrain> {
    const splits = await this.#o.discover(source);
    const until: Record<string, unknown> = {};
    for (const split of splits) {
      const at = await this.#o.endNow(source, split);
      if (at !== undefined) until[split] = at;
    }
    return { splits, until };
  }
}
