/**
 * One run of a job: what it reads, what of it is read together, and how often it has epochs.
 *
 * Owns: what follows from its trigger. A run that ends with what is there asks each source for its splits, and where each ends now.
 * Invariants: D1 that is asked once a run, so that a generation which follows a failure ends where the one before would have.
 */
import { type Assignment, type SourceDrain, subtaskName } from '../actors/index.ts';
import { continuous, type OperatorId, type RunTrigger, WeirError } from '../core/index.ts';
import type { SourceNode } from '../plan/index.ts';
import { AlignedGroups, type GroupLeast } from '../progress/index.ts';
import type { CoordinatorOptions } from './coordinator-options.ts';
import { sourcesOf, sourceSubtasks } from './placement.ts';

type RunOptions = Pick<CoordinatorOptions, 'plan' | 'trigger' | 'discover' | 'endNow' | 'checkpointIntervalMs'>;

export class Run {
  readonly #o: RunOptions;
  readonly #trigger: RunTrigger;
  #present: Readonly<Record<string, SourceDrain>> | null = null;
  #groups = new AlignedGroups(new Map());
  #exhausted = new Set<string>();

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

  /** A generation: who reads what. */
  begins(assignments: ReadonlyMap<string, readonly Assignment[]>): void {
    const groups = new Map<string, string>();
    for (const { stage, subtask, splits } of [...assignments.values()].flat())
      for (const { node } of splits.length === 0 ? [] : this.#o.plan.stages[stage]!.operators)
        if (node.kind === 'watermark' && node.align !== undefined) groups.set(subtaskName(stage, subtask), node.align.group);
    this.#groups = new AlignedGroups(groups);
    this.#exhausted = new Set();
  }

  /** True: nothing of the input is left. */
  exhausted(subtask: string): boolean {
    this.#exhausted.add(subtask);
    return this.#exhausted.size === sourceSubtasks(this.#o.plan);
  }

  /** What others hear of it, if anything. */
  reached(subtask: string, watermark: number): GroupLeast | undefined {
    return this.#groups.hear(subtask, watermark);
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
