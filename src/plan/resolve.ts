/**
 * From the logical graph to the operators that must run: who feeds whom, through which port.
 *
 * Owns: sharing (a node used twice runs once), the ways in which each aggregation's result is asked for (a node below an
 * aggregation runs once per way), and the disappearance of `union`, `rebalance` and `late`, which are only routes.
 */
import { inputsOf } from './inputs.ts';
import { isChanging, kindOf } from './kinds.ts';
import { latePortOf } from './late-rows.ts';
import type { Emission, EmissionMode, LogicalJob, LogicalNode, SinkNode } from './logical.ts';
import { givesChanges, isRetracted, takesChanges } from './retraction.ts';

/** The way in which what is below wants an aggregation's rows. */
interface Demand {
  readonly mode: EmissionMode;
  readonly everyMs: number;
  /** Of rows that become final only those are wanted. */
  readonly onceFinal?: boolean;
}
const appendOnly: Demand = { mode: 'append', everyMs: 0 };
const everyChange: Demand = { mode: 'retract', everyMs: 0 };

export interface Feed {
  readonly from: Resolved;
  readonly port: string;
  /** A `rebalance()` lies between. */
  readonly rebalanced: boolean;
  readonly mode: EmissionMode;
  /** Of its rows those that came too late. */
  readonly late?: true;
  /** Of an operator whose inputs are different things (a join): the ordinal of the input. */
  readonly input?: number;
}
export interface Resolved {
  readonly node: Exclude<LogicalNode, { kind: 'union' | 'rebalance' | 'late' }>;
  readonly feeds: readonly Feed[];
  readonly emissions: Emission[];
  /** Rank among operators in the order of discovery: inputs first. */
  readonly order: number;
}

/** Every operator of the job, inputs before what they feed. */
export function resolveJob(job: LogicalJob): readonly Resolved[] {
  const resolver = new Resolver();
  for (const sink of job.outputs) resolver.sink(sink);
  return resolver.all;
}

class Resolver {
  readonly all: Resolved[] = [];
  readonly #known = new Map<LogicalNode, Map<string, Resolved>>();

  sink(node: SinkNode): void {
    const { mode, everyMs } = node;
    this.#operator(node, isRetracted(node) ? everyChange : { mode, everyMs: mode === 'append' ? 0 : everyMs });
  }

  #operator(node: Resolved['node'], demand: Demand): Resolved {
    const changes = node.kind !== 'aggregate' && node.kind !== 'reduce' && !givesChanges(node) && mayChange(node);
    const key = changes || node.kind === 'sink' ? portOf(demand) : '';
    const variants = this.#known.get(node) ?? new Map<string, Resolved>();
    this.#known.set(node, variants);
    const known = variants.get(key);
    if (known !== undefined) return known;
    const feeds = inputsOf(node).flatMap((input, i) =>
      this.#feeds(input, changes || node.kind === 'sink' ? demand : ownDemand(node), false).map((feed) =>
        node.kind === 'join' ? { ...feed, input: i } : feed,
      ),
    );
    const resolved: Resolved = { node, feeds, emissions: [], order: this.all.length };
    variants.set(key, resolved);
    this.all.push(resolved);
    return resolved;
  }

  #feeds(node: LogicalNode, asked: Demand, rebalanced: boolean): Feed[] {
    const demand = asked.onceFinal === true && !isChanging(node) ? appendOnly : asked;
    switch (node.kind) {
      case 'union':
        return node.inputs.flatMap((input) => this.#feeds(input, demand, rebalanced));
      case 'rebalance':
        return this.#feeds(node.input, demand, true);
      case 'late':
        return [{ from: this.#operator(node.input, appendOnly), port: latePortOf(node), rebalanced, mode: 'append', late: true }];
      case 'aggregate':
      case 'reduce': {
        const from = this.#operator(node, appendOnly);
        const port = portOf(demand);
        const { mode, everyMs } = demand;
        if (!from.emissions.some((emission) => emission.port === port)) from.emissions.push({ port, mode, everyMs });
        return [{ from, port, rebalanced, mode: demand.mode }];
      }
      default:
        return [{ from: this.#operator(node, demand), port: 'main', rebalanced, mode: mayChange(node) ? demand.mode : 'append' }];
    }
  }
}

/** What a node wants of its inputs, whatever is below it. */
function ownDemand(node: LogicalNode): Demand {
  return takesChanges(node) ? { ...everyChange, onceFinal: true } : appendOnly;
}

/** Is there an aggregation above whose rows flow through this node? */
function mayChange(node: LogicalNode): boolean {
  if (node.kind === 'sink') return false;
  const kind = kindOf(node);
  return kind !== 'rows' && kind !== 'triggered' && kind !== 'joined';
}

function portOf(demand: Demand): string {
  return demand.mode === 'append' ? 'append' : `${demand.mode}@${demand.everyMs}`;
}
