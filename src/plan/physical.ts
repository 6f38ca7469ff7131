/**
 * The plan as it runs: stages of fused operators, and the edges between them.
 *
 * Owns: the data. Made by planner.ts; read by actors, coordinator and `describe`. A stage is a tree of operators (each has
 * one input inside its stage); its root reads the stage's channels or its source.
 */
import type { OperatorId } from '../core/index.ts';
import type { Emission, EmissionMode, KeySelector, LogicalJob, LogicalNode } from './logical.ts';

export interface PlannedOperator {
  readonly id: OperatorId;
  /** For people: `.named()` or the kind. */
  readonly label: string;
  readonly node: LogicalNode;
  readonly emissions: readonly Emission[];
  readonly outputs: readonly OutputRoute[];
  /** What its state means; null for one without state. Compared at restore. */
  readonly state: string | null;
}
export interface OutputRoute {
  readonly port: string;
  readonly to: { readonly kind: 'operator'; readonly index: number } | { readonly kind: 'edge'; readonly edge: number };
}

export interface Stage {
  readonly index: number;
  readonly label: string;
  readonly parallelism: number;
  /** Each after the one that feeds it; the first is the root. */
  readonly operators: readonly PlannedOperator[];
  /** Indices of the edges that end here. */
  readonly inputs: readonly number[];
  /** Index of the edge to the dead letters, if the job has a sink for them. */
  readonly deadLetterEdge: number | null;
}

export type EdgeKind = 'forward' | 'hash' | 'rebalance';
/**
 * `append`: rows are final. `upsert`: a row replaces its key's last. `retract`: a row as it was comes before the one in its place, or alone, if there is
 * none. `replace`: each emission is the whole result.
 */
export type ChangelogMode = 'append' | 'upsert' | 'retract' | 'replace';

export interface Edge {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  /** hash: what is hashed. */
  readonly key: { readonly columns: readonly string[] } | KeySelector | null;
  readonly changelog: ChangelogMode;
  /** Of a join: 0, its left input, or 1, its right one. */
  readonly input?: number;
  /** No watermark comes with its rows, while one comes with those of the other input, which goes for both. */
  readonly timeless?: boolean;
}

export interface PhysicalPlan {
  readonly job: LogicalJob;
  readonly parallelism: number;
  readonly keyGroups: number;
  readonly stages: readonly Stage[];
  readonly edges: readonly Edge[];
  readonly warnings: readonly string[];
  /** Equal in all processes of a generation. */
  readonly fingerprint: string;
}

/** The subtasks from which, and to which, an edge's channels lead. */
export function channelsOf(plan: PhysicalPlan, edge: Edge): { readonly from: number; readonly to: number }[] {
  const senders = plan.stages[edge.from]!.parallelism;
  const receivers = plan.stages[edge.to]!.parallelism;
  const pairs: { from: number; to: number }[] = [];
  for (let from = 0; from < senders; from++) {
    if (edge.kind === 'forward') pairs.push({ from, to: from });
    else for (let to = 0; to < receivers; to++) pairs.push({ from, to });
  }
  return pairs;
}

/** All that it gives comes to tables of joins. */
export function isOfTable(plan: PhysicalPlan, stage: Stage): boolean {
  const edges = plan.edges.filter(({ index, from }) => from === stage.index && index !== stage.deadLetterEdge);
  return edges.length > 0 && edges.every((edge) => endsInTable(plan, edge));
}

function endsInTable(plan: PhysicalPlan, { to, input }: Edge): boolean {
  const receiver = plan.stages[to]!;
  const { node } = receiver.operators[0]!;
  return (node.kind === 'join' && node.table === true && input === 1) || isOfTable(plan, receiver);
}

const changelogs: Readonly<Record<EmissionMode, ChangelogMode>> = {
  append: 'append',
  update: 'upsert',
  retract: 'retract',
  complete: 'replace',
};
export const changelogOf = (mode: EmissionMode): ChangelogMode => changelogs[mode];
