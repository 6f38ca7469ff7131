/**
 * Runs the fused operators of one stage in one subtask: a tree, root first.
 *
 * Owns: the order in which operators see batches, watermarks, split events and barriers, and the resumption of an operator
 * that answered `more` or `wait`. Each operator has a queue; those furthest down run first, and one runs only while what
 * it feeds is empty, so that queues stay short and a stage holds a bounded number of rows.
 * Talks through: `EdgeOutput` (edges), the operators' contract.
 * Invariants: CH1 items reach every operator in the order in which they entered the stage; CH2 a barrier is forwarded only
 * after the operator has said `done` to it; CH3 a watermark that an operator forwards never falls.
 */
import type { Batch } from '../batch/index.ts';
import { invariant } from '../core/index.ts';
import type { Load, Operator, Output, SplitEvent, Step } from '../operators/index.ts';
import type { PlannedOperator } from '../plan/index.ts';
import type { Barrier } from '../progress/index.ts';

/** What flows through a stage. */
export type Item =
  | { readonly kind: 'batch'; readonly batch: Batch; readonly advanceTo?: (row: number) => number; readonly input?: number }
  /** For the root alone. */
  | { readonly kind: 'first read' }
  | { readonly kind: 'watermark'; readonly watermark: number }
  | { readonly kind: 'idle'; readonly idle: boolean }
  | { readonly kind: 'split'; readonly event: SplitEvent }
  | { readonly kind: 'barrier'; readonly barrier: Barrier }
  /** Enters at the operator that waits for it, and ends there. */
  | { readonly kind: 'time'; readonly now: number }
  | { readonly kind: 'end' };

/** An outgoing edge, as a chain sees it. */
export interface ItemTarget {
  /** False while earlier items are still held back for want of credit; those that have it now are sent. */
  readonly ready: boolean;
  push(item: Item): void;
}

export interface ChainOperator {
  readonly planned: PlannedOperator;
  readonly operator: Operator;
}

export class Chain {
  readonly #nodes: readonly Node[];
  /** Those that may wait for a time. */
  readonly #timed: readonly Node[];
  /** Those that may hold rows that are under way. */
  readonly #laden: readonly Operator[];

  constructor(operators: readonly ChainOperator[], edgeTarget: (edge: number) => ItemTarget) {
    const nodes = operators.map(({ planned, operator }) => new Node(planned, operator));
    for (const node of nodes) node.connect((index) => nodes[index]!, edgeTarget);
    this.#nodes = nodes;
    this.#timed = nodes.filter((node) => node.isTimed);
    this.#laden = operators.map(({ operator }) => operator).filter((operator) => operator.load !== undefined);
  }

  /** Nothing is under way: the next item may enter. */
  get idle(): boolean {
    return this.#nodes.every((node) => node.idle);
  }

  /** Of the operator that holds the most. */
  get load(): Load {
    let most: Load = 'free';
    for (const { load } of this.#laden) {
      if (load === 'overfull') return load;
      if (load === 'full') most = load;
    }
    return most;
  }

  push(item: Item): void {
    this.#nodes[0]!.push(item);
  }

  /** When the first of its operators is to be told the time; Infinity = none waits for it. */
  get dueAt(): number {
    let first = Infinity;
    for (const { dueAt } of this.#timed) if (dueAt < first) first = dueAt;
    return first;
  }

  /** Tells it to those for which it has come. False: to none. */
  tell(now: number): boolean {
    const due = this.#timed.filter(({ dueAt }) => dueAt <= now);
    for (const node of due) node.push({ kind: 'time', now });
    return due.length > 0;
  }

  /** Does one piece of work, as far down as there is any. False: nothing can be done now. */
  step(): boolean {
    for (let i = this.#nodes.length - 1; i >= 0; i--) {
      if (this.#nodes[i]!.step()) return true;
    }
    // A barrier that waits behind rows without credit: nothing may ever come that would push it on.
    for (const node of this.#nodes) node.passOn();
    return false;
  }

  /** The operator has said that it can go on. */
  wake(index: number): void {
    this.#nodes[index]!.wake();
  }

  /** The root's last watermark, and each operator's own. */
  watermarkOf(index: number): number {
    return this.#nodes[index]!.watermark;
  }

  rowsIn(index: number): number {
    return this.#nodes[index]!.rowsIn;
  }

  rowsOut(index: number): number {
    return this.#nodes[index]!.rowsOut;
  }
}

/** One operator with its queue and its targets, by port. */
class Node implements ItemTarget {
  watermark = -Infinity;
  rowsIn = 0;
  rowsOut = 0;
  readonly #planned: PlannedOperator;
  readonly #operator: Operator;
  readonly #queue: Item[] = [];
  readonly #ports = new Map<string, ItemTarget[]>();
  /** Every target once: control items go to all. */
  readonly #targets: ItemTarget[] = [];
  #forwarded = -Infinity;
  #begun = false;
  #waiting = false;
  /** Woken since the last call began: a `wait` that it answers is over already. */
  #woken = false;
  readonly #ownWatermark = (): number => this.watermark;

  constructor(planned: PlannedOperator, operator: Operator) {
    this.#planned = planned;
    this.#operator = operator;
  }

  connect(node: (index: number) => ItemTarget, edge: (edge: number) => ItemTarget): void {
    for (const { port, to } of this.#planned.outputs) {
      const target = to.kind === 'operator' ? node(to.index) : edge(to.edge);
      this.#ports.set(port, [...(this.#ports.get(port) ?? []), target]);
      this.#targets.push(target);
    }
  }

  get idle(): boolean {
    return this.#queue.length === 0;
  }

  get isTimed(): boolean {
    return this.#operator.onTime !== undefined;
  }

  get dueAt(): number {
    return this.#operator.dueAt ?? Infinity;
  }

  /** Lets edges send what they hold back, as far as there is credit. */
  passOn(): void {
    for (const target of this.#targets) void target.ready;
  }

  get ready(): boolean {
    return this.#queue.length === 0;
  }

  push(item: Item): void {
    this.#queue.push(item);
  }

  wake(): void {
    this.#waiting = false;
    this.#woken = true;
  }

  step(): boolean {
    const item = this.#queue[0];
    if (item === undefined || this.#waiting || !this.#targets.every((target) => target.ready)) return false;
    this.#woken = false;
    const step = this.#handle(item);
    this.#begun = true;
    if (step === 'done') {
      this.#queue.shift();
      this.#begun = false;
      this.#forward(item);
    } else if (step === 'wait') {
      this.#waiting = !this.#woken;
    }
    return true;
  }

  #handle(item: Item): Step {
    switch (item.kind) {
      case 'batch':
        if (!this.#begun) this.rowsIn += item.batch.length;
        return this.#operator.process(item.batch, this.#output, item.advanceTo ?? this.#ownWatermark, item.input ?? 0);
      case 'first read':
        return this.#operator.onFirstRead?.(this.#output) ?? 'done';
      case 'watermark':
        if (item.watermark <= this.watermark && !this.#begun) return 'done';
        this.watermark = item.watermark;
        return this.#operator.onWatermark?.(item.watermark, this.#output) ?? 'done';
      case 'split':
        this.#operator.onSplit?.(item.event, this.#output);
        return 'done';
      case 'barrier':
        return this.#operator.onBarrier?.(item.barrier, this.#output) ?? 'done';
      case 'time':
        return this.#operator.onTime?.(item.now, this.#output) ?? 'done';
      case 'idle':
        this.#operator.onIdle?.(item.idle, this.#output);
        return 'done';
      case 'end':
        return 'done';
    }
  }

  #forward(item: Item): void {
    switch (item.kind) {
      case 'batch':
      case 'first read':
      case 'time':
        return;
      case 'watermark':
        if (this.#operator.forwardsItself === true) return;
        return this.#forwardWatermark(item.watermark - (this.#operator.holdsBackMs ?? 0));
      case 'idle':
        if (this.#operator.forwardsItself === true) return;
        return this.#broadcast(item);
      default:
        this.#broadcast(item);
    }
  }

  #forwardWatermark(watermark: number): void {
    if (watermark <= this.#forwarded) return;
    this.#forwarded = watermark;
    this.#broadcast({ kind: 'watermark', watermark });
  }

  #broadcast(item: Item): void {
    for (const target of this.#targets) target.push(item);
  }

  readonly #output: Output = {
    emit: (batch, port = 'main') => {
      if (batch.length === 0) return;
      this.rowsOut += batch.length;
      for (const target of this.#ports.get(port) ?? []) target.push({ kind: 'batch', batch });
    },
    watermark: (watermark) => {
      invariant(!Number.isNaN(watermark), 'CH3: a watermark is a number');
      this.#forwardWatermark(watermark);
    },
    idle: (idle) => this.#broadcast({ kind: 'idle', idle }),
  };
}
