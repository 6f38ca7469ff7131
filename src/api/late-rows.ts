/** `late()`: the rows that came too late for an operator, as a node. */
import {
  type AggregateNode,
  type JoinNode,
  type LateNode,
  type LogicalNode,
  type ProcessNode,
  type ProjectNode,
  type SideName,
  sideNames,
  underWatermark,
} from '../plan/index.ts';
import { type Call, refused } from './call.ts';
import { selectedNames } from './projections.ts';

/** What may have late rows. */
export type LateBy = LateNode['input'];

export function lateBy(node: LogicalNode): LateBy | undefined {
  const { kind } = node;
  return kind === 'aggregate' || kind === 'join' || kind === 'dedup' || kind === 'process' ? node : undefined;
}

/** @throws WeirError `E_PLAN` for what has none, and for a join of which nobody says which side is meant */
export function lateRows(of: LateBy | undefined, side: unknown, call: Call): LateNode | ProjectNode {
  if (of === undefined)
    throw refused(call, 'only aggregations, joins of two streams, dropDuplicates() and process() have late rows');
  if (of.kind === 'join') return lateForJoin(of, side, call);
  if (side !== undefined) throw refused(call, 'only a join has sides whose rows may be late');
  switch (of.kind) {
    case 'aggregate':
      return lateForAggregation(of, call);
    case 'process':
      if (!hasEventTime(of))
        throw refused(
          call,
          'nothing that it emits is late, for it promises nothing',
          'promise a time with t.eventTime in `emits`',
        );
      return { kind: 'late', input: of, site: call.site, schema: of.schema };
    case 'dedup':
      if (!('column' in of.remembered) || of.remembered.column === undefined)
        throw refused(
          call,
          'nothing is late for it: it knows no time of the rows',
          'call withWatermark() before, and say `within`, or name the time',
        );
      return { kind: 'late', input: of, site: call.site, schema: of.input.schema };
  }
}

function lateForJoin(join: JoinNode, side: unknown, call: Call): LateNode {
  const { bound, inputs } = join;
  if (bound === undefined)
    throw refused(call, 'nothing is late for a join whose rows may have any time', 'bound the times with `within`');
  if (!isSide(side)) throw refused(call, 'a join has two sides', "say whose late rows: late('left') or late('right')");
  const input = inputs[sideNames.indexOf(side)]!;
  if (underWatermark(input, bound[side]) === 'no')
    throw refused(call, `no row of the ${side} stream is late: its time '${bound[side]}' is under no watermark`);
  return { kind: 'late', input: join, side, site: call.site, schema: input.schema };
}

const isSide = (side: unknown): side is SideName => sideNames.includes(side as SideName);

/** As they were before the expressions of the aggregation got columns. */
function lateForAggregation(aggregation: AggregateNode, call: Call): LateNode | ProjectNode {
  const { input } = aggregation;
  const late: LateNode = { kind: 'late', input: aggregation, site: call.site, schema: input.schema };
  const before = input.kind === 'project' && input.beside === true ? input.input.schema : undefined;
  if (before === undefined) return late;
  if (before.kind === 'any')
    throw refused(
      call,
      'rows without a schema are not kept beside the expressions of an aggregation',
      'give them one first: map((row) => row, Row)',
    );
  return selectedNames(
    late,
    before.fields.map(({ name }) => name),
    call,
  );
}

function hasEventTime({ schema }: ProcessNode): boolean {
  return schema.kind !== 'any' && schema.fields.some(({ type }) => type.kind === 'timestamp' && type.eventTime === true);
}
