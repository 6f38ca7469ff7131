/**
 * Watermarks that stand still during a step and are raised between two: Spark's micro-batches on an engine that takes record after record.
 *
 * Owns: how far each watermark has come, seen by a look at the rows right before it, and the one watermark of all: the least of them,
 * never back, 0 at first and until each has seen a time. A job is given the longest of delays, so that no row raises anything, and
 * then only what the sources say does.
 */
import { timeOf } from '../../src/operators/row-time.ts';
import type { LogicalJob, LogicalNode, WatermarkNode } from '../../src/plan/index.ts';
import { over, rewritten } from '../../src/plan/rewrite.ts';

/** 126,000 years: a watermark that is raised to w by its source is exactly w, and no row ever comes so far. */
const heldDelayMs = 4e15;

export interface TimeStats {
  readonly min: number;
  readonly max: number;
  readonly avg: number;
}
interface Mark {
  readonly delayMs: number;
  max: number;
}

export class HeldTime {
  readonly #marks = new Map<WatermarkNode, Mark>();
  /** Of this step. */
  #times: number[] = [];
  #watermark = 0;
  /** What the watermark was while the last step's rows came. */
  used = 0;

  /** The same job, its watermarks held. */
  hold(job: LogicalJob): LogicalJob {
    return rewritten(job, () => ({
      rewrite: (node, inputs) => (node.kind === 'watermark' ? this.#held(node, inputs[0]!) : over(node, inputs)),
    }));
  }

  get watermark(): number {
    return this.#watermark;
  }

  /** The job has a watermark. */
  get isAny(): boolean {
    return this.#marks.size > 0;
  }

  /** A step begins, or begins again. */
  begin(): void {
    this.#times = [];
    this.used = this.#watermark;
  }

  /** The step's rows have come. @returns whether the watermark rises */
  advance(): boolean {
    const marks = [...this.#marks.values()].map(({ max, delayMs }) => (max === -Infinity ? 0 : max - delayMs));
    const next = Math.max(this.#watermark, marks.length === 0 ? 0 : Math.min(...marks));
    const rises = next > this.#watermark;
    this.#watermark = next;
    return rises;
  }

  /** The query starts again: it remembers its watermark, and not how far each input had come. */
  forget(): void {
    for (const mark of this.#marks.values()) mark.max = -Infinity;
  }

  /** Undefined where no row with a time came. */
  get stats(): TimeStats | undefined {
    const times = this.#times;
    if (times.length === 0) return undefined;
    return { min: Math.min(...times), max: Math.max(...times), avg: times.reduce((sum, time) => sum + time, 0) / times.length };
  }

  #held(node: WatermarkNode, input: LogicalNode): LogicalNode {
    const mark = this.#marks.get(node) ?? { delayMs: node.delayMs, max: -Infinity };
    this.#marks.set(node, mark);
    const look = (row: Record<string, unknown>): boolean => {
      const time = timeOf(row[node.column]);
      if (time === undefined) return true;
      mark.max = Math.max(mark.max, time);
      this.#times.push(time);
      return true;
    };
    const seen: LogicalNode = { kind: 'filter', input, fn: look as (row: never) => unknown, site: '', schema: input.schema };
    return { ...node, input: seen, delayMs: heldDelayMs };
  }
}
