/**
 * The parts of a subtask, made from the plan: operators, their contexts, edges, channels, the feed of a source.
 *
 * Owns: which part gets what from the subtask's surroundings. Does not own: their lives (subtask.ts).
 */
import {
  batchRowsMax,
  createOperator,
  type DeadRecord,
  type Operator,
  type OperatorContext,
  type SinkDefinition,
  sinkOperator,
  type SourceContext,
  type SourceDefinition,
} from '../operators/index.ts';
import { channelsOf, type Edge, isOfTable, type PhysicalPlan, type PlannedOperator, type Stage } from '../plan/index.ts';
import type { OperatorState } from '../state/index.ts';
import type { ChannelReceiver, Transport } from '../transport/index.ts';
import { EdgeOutput } from './edge-output.ts';
import { type Assignment, type Deployment, subtaskName } from './messages.ts';
import { type OperatorCounters, operatorContext } from './operator-context.ts';
import { routerOf } from './routers.ts';
import { SourceFeed, type SplitStart } from './source-feed.ts';
import type { SplitAlignment } from './split-alignment.ts';
import type { WorkerEnvironment } from './worker-environment.ts';

/** Where a subtask stands. */
export interface Site {
  readonly plan: PhysicalPlan;
  readonly stage: Stage;
  readonly index: number;
  /** Its key groups, as [from, to). */
  readonly owned: readonly [number, number];
  readonly assignment: Assignment;
  readonly deployment: Deployment;
  readonly environment: WorkerEnvironment;
  readonly transport: Transport;
  /** Aborts when the subtask is closed. */
  readonly signal: AbortSignal;
  readonly wake: () => void;
}

export function newOperator({ plan, deployment, environment, signal }: Site, planned: PlannedOperator): Operator {
  const { node } = planned;
  if (node.kind !== 'sink') return createOperator(node, { id: planned.id, emissions: planned.emissions });
  return sinkOperator(node.sink as SinkDefinition, {
    id: planned.id,
    job: plan.job.name,
    incarnation: deployment.incarnation,
    restoredEpoch: deployment.restore?.epoch ?? 0,
    mode: node.mode,
    everyMs: node.everyMs,
    fresh: deployment.restore === null,
    signal,
    ...(environment.sabotage?.break === undefined ? {} : { sabotage: environment.sabotage.break }),
  });
}

export interface OperatorParts {
  readonly state: OperatorState;
  readonly counters: OperatorCounters;
  readonly deadLetter: (record: DeadRecord, cause: unknown) => void;
  readonly wake: () => void;
}

export function contextOf(site: Site, planned: PlannedOperator, parts: OperatorParts): OperatorContext {
  const { plan, stage, index, owned, environment, deployment, assignment } = site;
  return operatorContext({
    operator: planned.id,
    subtask: index,
    parallelism: stage.parallelism,
    generation: deployment.generation,
    keyGroups: plan.keyGroups,
    ownedGroups: owned,
    clock: environment.clock,
    epochTime: deployment.epochTime,
    logger: environment.logger,
    guarded: deployment.guarded.includes(planned.id),
    ...(stage.operators[0]!.node.kind === 'source' ? { splits: assignment.splits } : {}),
    ...parts,
  });
}

export function edgeOutput({ plan, transport, index, wake }: Site, edge: Edge): EdgeOutput {
  const channels = channelsOf(plan, edge).filter(({ from }) => from === index);
  const senders = channels.map(({ from, to }) => transport.sender({ edge: edge.index, from, to }));
  return new EdgeOutput(senders, routerOf(edge, senders.length, index, plan.keyGroups), wake);
}

export interface Inputs {
  readonly receivers: readonly ChannelReceiver[];
  /** Those of them, by index, on which no row can come: from subtasks of sources without a split. */
  readonly barren: readonly number[];
  /** Those with whose rows no watermark comes, while one comes with others. */
  readonly timeless: readonly number[];
  /** Those that are read to their end before any other: a join's table. */
  readonly first: readonly number[];
  /** Of a join: for each, which of its inputs it belongs to. */
  readonly sides: readonly number[];
}

export function inputsOf({ plan, stage, transport, index, deployment }: Site): Inputs {
  const channels = stage.inputs.flatMap((input) => {
    const edge = plan.edges[input]!;
    return channelsOf(plan, edge)
      .filter(({ to }) => to === index)
      .map(({ from, to }) => ({ edge, id: { edge: input, from, to }, sender: subtaskName(edge.from, from) }));
  });
  const { node } = stage.operators[0]!;
  const hasTable = node.kind === 'join' && node.table === true;
  const where = (is: (channel: (typeof channels)[number]) => boolean): number[] =>
    channels.flatMap((channel, i) => (is(channel) ? [i] : []));
  return {
    receivers: channels.map(({ id }) => transport.receiver(id)),
    barren: where(({ sender }) => deployment.withoutSplits.includes(sender)),
    timeless: where(({ edge }) => edge.timeless === true),
    first: where(({ edge }) => hasTable && edge.input === 1),
    sides: channels.map(({ edge }) => edge.input ?? 0),
  };
}

export function sourceContext({ environment, plan, stage }: Site): Omit<SourceContext, 'signal'> {
  const operator = stage.operators[0]!.id;
  const { assist } = environment;
  return {
    ...(assist === undefined ? {} : { assist: (request) => assist(operator, request) }),
    job: plan.job.name,
    operator,
    clock: environment.clock,
    logger: environment.logger,
    journal: environment.stores.journal,
    batchRowsMax,
  };
}

/** The feed of a source's stage; null for any other. */
export function sourceFeed(site: Site, alignment: SplitAlignment | null): SourceFeed | null {
  const { plan, stage, deployment, assignment, wake } = site;
  const root = stage.operators[0]!;
  if (root.node.kind !== 'source') return null;
  const idle = stage.operators.flatMap(({ node }) =>
    node.kind === 'watermark' && node.idleAfterMs > 0 ? [node.idleAfterMs] : [],
  );
  return new SourceFeed({
    definition: root.node.source as SourceDefinition,
    context: sourceContext(site),
    starts: splitStarts(deployment, root.id, assignment.splits),
    drains: deployment.drain !== null,
    ofTable: isOfTable(plan, stage),
    idleAfterMs: idle.length === 0 ? 0 : Math.min(...idle),
    wake,
    ...(alignment === null ? {} : { mayTake: (split) => alignment.mayRead(split) }),
  });
}

function splitStarts({ restore, drain }: Deployment, source: string, splits: readonly string[]): SplitStart[] {
  const present = drain?.[source];
  const parts = restore?.operators[source] ?? [];
  const known = new Map(parts.flatMap((part) => part.splits.map((split) => [split.split, split] as const)));
  return splits.map((split) => {
    const from = known.get(split);
    const { records = 0, ended = false, drained } = from ?? {};
    // Read whole by a run before, and gone since: as a file that was moved away.
    const absent = present !== undefined && !present.splits.includes(split) && drained === records;
    return { split, position: from?.position ?? undefined, records, ended, drained, absent, until: present?.until[split] };
  });
}
