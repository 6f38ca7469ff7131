/**
 * Makes the plan: which operators are fused into one stage, and how rows get from stage to stage.
 *
 * Owns: fusion and edges. An operator joins the stage of what feeds it when it has one input, needs no shuffle and runs
 * at the same parallelism. Invariants: G1 the first operator of a stage is its root, every other has one input inside it;
 * G2 keyed operators are roots behind hash edges, so that a key's rows meet in one subtask.
 */
import { createHash } from 'node:crypto';
import { type BatchSchema, batchSchema } from '../batch/index.ts';
import { type OperatorId, operatorId, WeirError } from '../core/index.ts';
import { alignmentText } from './alignment.ts';
import { type Identity, identify, projectionText } from './identity.ts';
import { keyGroupsOfJob } from './key-groups.ts';
import { hasWatermark } from './kinds.ts';
import type { JoinNode, LogicalJob, LogicalNode, SinkNode } from './logical.ts';
import { optimizeJob } from './optimize.ts';
import { shuffleKey } from './shuffle-key.ts';
import { changelogOf, type Edge, type PhysicalPlan, type PlannedOperator, type Stage } from './physical.ts';
import { type Feed, type Resolved, resolveJob } from './resolve.ts';
import { at, validateJob, warningsOf } from './validate.ts';

/** Columns of the rows that the dead-letter sink is given; `DeadLetter` of the API. */
export const deadLetterSchema: BatchSchema = batchSchema([
  { name: 'bytes', type: { kind: 'bytes' }, nullable: false },
  { name: 'error', type: { kind: 'string' }, nullable: false },
  { name: 'operator', type: { kind: 'string' }, nullable: false },
  { name: 'position', type: { kind: 'string' }, nullable: false },
  { name: 'epoch', type: { kind: 'float64' }, nullable: false },
]);
export const deadLetterId: OperatorId = operatorId('dead-letters');

type MutableOperator = { -readonly [K in keyof PlannedOperator]: PlannedOperator[K] } & {
  outputs: PlannedOperator['outputs'][number][];
};
interface DraftStage {
  readonly index: number;
  readonly parallelism: number;
  readonly operators: MutableOperator[];
  readonly inputs: number[];
}
interface Place {
  readonly stage: DraftStage;
  readonly operator: MutableOperator;
  readonly index: number;
}

/**
 * @param parallelism instead of the job's own
 * @throws WeirError `E_PLAN` for what cannot run, with the words that the types use
 */
export function planJob(job: LogicalJob, parallelism: number = job.parallelism): PhysicalPlan {
  validateJob(job, parallelism);
  const operators = resolveJob(optimizeJob(job));
  const draft = new Draft(parallelism, identify(operators, reservedIds(job)));
  for (const operator of operators) draft.place(operator);
  const deadLetterStage = job.deadLetters === undefined ? null : draft.deadLetters(job, job.deadLetters);
  const stages = draft.stages.map((stage) => finish(stage, deadLetterStage));
  const edges = draft.edges;
  const shape = { job, parallelism, keyGroups: keyGroupsOfJob, stages, edges, warnings: warningsOf(job, operators) };
  return { ...shape, fingerprint: fingerprintOf(shape) };
}

function reservedIds(job: LogicalJob): ReadonlyMap<string, string> {
  return new Map(job.deadLetters === undefined ? [] : [[deadLetterId, "the job's sink of dead letters"]]);
}

function finish(stage: DraftStage, deadLetters: DeadLetterStage | null): Stage {
  return {
    index: stage.index,
    label: stage.operators.map((operator) => operator.label).join(' → '),
    parallelism: stage.parallelism,
    operators: stage.operators,
    inputs: stage.inputs,
    deadLetterEdge: deadLetters?.edgeFrom.get(stage.index) ?? null,
  };
}

interface DeadLetterStage {
  readonly edgeFrom: ReadonlyMap<number, number>;
}

class Draft {
  readonly stages: DraftStage[] = [];
  readonly edges: Edge[] = [];
  readonly #places = new Map<Resolved, Place>();
  /** Whose rows may have overtaken each other on the way from their split, or their key. */
  readonly #spread = new Set<Resolved>();
  readonly #parallelism: number;
  readonly #identities: ReadonlyMap<Resolved, Identity>;

  constructor(parallelism: number, identities: ReadonlyMap<Resolved, Identity>) {
    this.#parallelism = parallelism;
    this.#identities = identities;
  }

  place(resolved: Resolved): void {
    const operator: MutableOperator = {
      ...this.#identities.get(resolved)!,
      node: resolved.node,
      emissions: resolved.emissions,
      outputs: [],
    };
    const parallelism = this.#parallelismOf(resolved);
    const [feed] = resolved.feeds;
    const above = feed === undefined ? undefined : this.#places.get(feed.from)!;
    const fused =
      resolved.feeds.length === 1 &&
      above!.stage.parallelism === parallelism &&
      !feed!.rebalanced &&
      shuffleKey(resolved.node, 0) === null;
    const stage = fused ? above!.stage : this.#newStage(parallelism);
    const index = stage.operators.push(operator) - 1;
    this.#places.set(resolved, { stage, operator, index });
    this.#watchOrder(resolved, stage);
    if (fused) above!.operator.outputs.push({ port: feed!.port, to: { kind: 'operator', index } });
    else for (const each of resolved.feeds) this.#connect(each, stage, resolved.node);
  }

  /** Rows that say what becomes of others must come in their order. */
  #watchOrder(resolved: Resolved, stage: DraftStage): void {
    const { node, feeds } = resolved;
    const isKeyed = shuffleKey(node, 0) !== null;
    const isSpread = feeds.some(
      (feed) => this.#spread.has(feed.from) || (!isKeyed && stage.parallelism > 1 && !this.#isAligned(feed, stage)),
    );
    if (!isSpread) return;
    if (node.kind === 'changes' || node.kind === 'upserts') throw outOfOrder(node, 'between the source and it');
    if (node.kind === 'sink' && node.mode === 'update' && node.sink.op !== undefined)
      throw outOfOrder(node, 'between the result and it');
    if (!isKeyed) this.#spread.add(resolved);
  }

  #isAligned({ from, rebalanced }: Feed, { parallelism }: DraftStage): boolean {
    return this.#places.get(from)!.stage.parallelism === parallelism && !rebalanced;
  }

  /** A stage of its own, fed by every other. */
  deadLetters(job: LogicalJob, sink: NonNullable<LogicalJob['deadLetters']>): DeadLetterStage {
    const senders = [...this.stages];
    const stage = this.#newStage(1);
    const node: SinkNode = {
      kind: 'sink',
      input: job.outputs[0]!.input,
      sink,
      mode: 'append',
      everyMs: 0,
      site: '',
      schema: deadLetterSchema,
    };
    stage.operators.push({
      id: deadLetterId,
      label: 'dead letters',
      node,
      emissions: [],
      outputs: [],
      state: `staged results of ${sink.identity}, mode append`,
    });
    const edgeFrom = new Map(
      senders.map((from) => [from.index, this.#edge(from.index, stage, 'rebalance', null, 'append')] as const),
    );
    return { edgeFrom };
  }

  #connect(feed: Feed, stage: DraftStage, node: LogicalNode): void {
    const from = this.#places.get(feed.from)!;
    const key = shuffleKey(node, feed.input ?? 0);
    const aligned = this.#isAligned(feed, stage);
    const edge = this.#edge(
      from.stage.index,
      stage,
      key !== null ? 'hash' : aligned ? 'forward' : 'rebalance',
      key,
      changelogOf(feed.mode),
      node.kind === 'join' ? { input: feed.input!, ...(isTimeless(node, feed.input!) ? { timeless: true } : {}) } : {},
    );
    from.operator.outputs.push({ port: feed.port, to: { kind: 'edge', edge } });
  }

  #edge(
    from: number,
    to: DraftStage,
    kind: Edge['kind'],
    key: Edge['key'],
    changelog: Edge['changelog'],
    side: Pick<Edge, 'input' | 'timeless'> = {},
  ): number {
    const index = this.edges.push({ index: this.edges.length, from, to: to.index, kind, key, changelog, ...side }) - 1;
    to.inputs.push(index);
    return index;
  }

  #newStage(parallelism: number): DraftStage {
    const stage: DraftStage = { index: this.stages.length, parallelism, operators: [], inputs: [] };
    this.stages.push(stage);
    return stage;
  }

  #parallelismOf({ node, feeds }: Resolved): number {
    if (node.kind === 'sink' && node.sink.single) return 1;
    if (node.kind === 'aggregate' && node.keys.length === 0) return 1;
    if (node.kind === 'limit' && node.local !== true) return 1;
    if (node.kind === 'perEpoch' && node.key === undefined) return 1;
    if (node.parallelism !== undefined) return node.parallelism;
    if (node.kind === 'source' || shuffleKey(node, 0) !== null || feeds.some((feed) => feed.rebalanced)) return this.#parallelism;
    return Math.max(...feeds.map((feed) => this.#places.get(feed.from)!.stage.parallelism));
  }
}

function outOfOrder(node: LogicalNode, between: string): WeirError {
  return new WeirError(
    'E_PLAN',
    `${at(node)}: its input is spread over subtasks before, so that what comes later may arrive before what came first`,
    { hint: `leave out rebalance(), and other parallelisms, ${between}` },
  );
}

/** A table's watermark is its end, until which it holds rows back. */
function isTimeless({ inputs, table }: JoinNode, input: number): boolean {
  return table !== true && !hasWatermark(inputs[input]!) && hasWatermark(inputs[1 - input]!);
}

function fingerprintOf(plan: Omit<PhysicalPlan, 'fingerprint'>): string {
  const text = JSON.stringify([
    plan.job.name,
    plan.keyGroups,
    plan.stages.map((stage) => [
      stage.parallelism,
      stage.operators.map((o) => [
        o.id,
        o.label,
        o.state,
        o.node.kind === 'project' ? projectionText(o.node) : '',
        ...(o.node.kind === 'watermark' && o.node.align !== undefined ? [alignmentText(o.node)] : []),
        o.emissions,
        o.outputs,
      ]),
    ]),
    plan.edges,
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
