import { unreachable, WeirError } from '../core/index.ts';
import type { Emission, LogicalNode } from '../plan/index.ts';
import { aggregateOperator } from './aggregate-operator.ts';
import { changelogOperator } from './changelog-operator.ts';
import { changesOperator } from './changes-operator.ts';
import { combineOperator } from './combine/index.ts';
import { asOfJoinOperator, joinOperator, lookupOperator, regularJoinOperator, tableJoinOperator } from './join/index.ts';
import { dedupOperator } from './dedup-operator.ts';
import { globalWindowOperator } from './global-window-operator.ts';
import { limitOperator } from './limit-operator.ts';
import { mapAsyncOperator } from './map-async-operator.ts';
import { countWindowOperator } from './count-window-operator.ts';
import type { Operator } from './operator.ts';
import { perEpochOperator } from './per-epoch-operator.ts';
import { processOperator } from './process-operator.ts';
import { reduceOperator } from './reduce-operator.ts';
import { rowOperator } from './row-operator.ts';
import { sessionOperator } from './session-operator.ts';
import { projectOperator } from './project-operator.ts';
import { upsertsOperator } from './upserts-operator.ts';
import { watermarkOperator } from './watermark-operator.ts';

/** Passes everything on: of nodes that are only routes. */
const identity: Operator = {
  process(batch, out) {
    out.emit(batch);
    return 'done';
  },
};

export interface OperatorExtra {
  readonly id: string;
  readonly emissions?: readonly Emission[];
}

/** The operator that runs a node. Each subtask makes its own. Sinks need more: see `sinkOperator`. */
export function createOperator(node: LogicalNode, extra: OperatorExtra): Operator {
  const emissions = extra.emissions ?? [];
  switch (node.kind) {
    case 'map':
    case 'filter':
    case 'flatMap':
      return rowOperator(node);
    case 'project':
      return projectOperator(node);
    case 'watermark':
      return watermarkOperator(node);
    case 'combine':
      return combineOperator(node);
    case 'aggregate':
      if (node.trigger !== undefined) return globalWindowOperator(node, emissions);
      if (node.count !== undefined) return countWindowOperator(node, emissions);
      return node.session === undefined ? aggregateOperator(node, emissions) : sessionOperator(node, emissions);
    case 'reduce':
      return reduceOperator(node, emissions);
    case 'process':
      return processOperator(node);
    case 'perEpoch':
      return perEpochOperator(node);
    case 'join':
      if (node.regular !== undefined) return regularJoinOperator(node);
      if (node.asOf === true) return asOfJoinOperator(node);
      return node.table === true ? tableJoinOperator(node) : joinOperator(node);
    case 'lookup':
      return lookupOperator(node);
    case 'mapAsync':
      return mapAsyncOperator(node);
    case 'changelog':
      return changelogOperator();
    case 'changes':
      return changesOperator(node);
    case 'upserts':
      return upsertsOperator(node);
    case 'dedup':
      return dedupOperator(node);
    case 'limit':
      return limitOperator(node);
    case 'source':
    case 'union':
    case 'rebalance':
    case 'late':
      return identity;
    case 'sink':
      throw new WeirError('E_INTERNAL', `operator ${extra.id} is a sink: sinkOperator makes it`);
    default:
      return unreachable(node, 'createOperator');
  }
}
