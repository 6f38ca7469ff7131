/** The plan as text, for `weir plan`. */
import { formatMs } from '../core/index.ts';
import { selectorText } from './identity.ts';
import type { RowFilter } from './logical.ts';
import type { Edge, PhysicalPlan, PlannedOperator, Stage } from './physical.ts';

export function describePlan(plan: PhysicalPlan): string {
  return [
    `job ${plan.job.name}`,
    `  parallelism ${plan.parallelism}, ${plan.keyGroups} key groups, a checkpoint every ${formatMs(plan.job.checkpointEveryMs)}, plan ${plan.fingerprint}`,
    `  restarts: at most ${plan.job.restart.attempts} within ${formatMs(plan.job.restart.withinMs)}, first after ${formatMs(plan.job.restart.backoffMs)}`,
    '',
    ...plan.stages.flatMap((stage) => [...stageLines(plan, stage), '']),
    ...section('guarantees', guarantees(plan)),
    ...section('warnings', plan.warnings),
  ].join('\n');
}

function stageLines(plan: PhysicalPlan, stage: Stage): string[] {
  return [
    `stage ${stage.index} × ${stage.parallelism}`,
    ...stage.inputs.map((edge) => `  ← ${edgeText(plan.edges[edge]!)}`),
    ...stage.operators.flatMap((operator) => operatorLines(stage, operator)),
  ];
}

function edgeText(edge: Edge): string {
  const how =
    edge.kind !== 'hash'
      ? edge.kind
      : `hash(${edge.key === null ? '' : 'columns' in edge.key ? edge.key.columns.join(', ') : selectorText(edge.key)})`;
  return `stage ${edge.from}, ${how}, ${edge.changelog}`;
}

function operatorLines(stage: Stage, operator: PlannedOperator): string[] {
  const outputs = operator.outputs.map(
    ({ port, to }) => `${port} → ${to.kind === 'operator' ? stage.operators[to.index]!.id : `edge ${to.edge}`}`,
  );
  const { site } = operator.node;
  return [
    `  ${operator.id}  ${operator.label}${site === '' ? '' : `  (${site})`}`,
    ...conditionLines(operator),
    ...(operator.state === null ? [] : [`      state: ${operator.state}`]),
    ...(outputs.length === 0 ? [] : [`      ${outputs.join(', ')}`]),
  ];
}

const signs = { eq: '=', ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' };

/** Which rows a source makes at all. */
function conditionLines({ node }: PlannedOperator): string[] {
  if (node.kind !== 'source' || node.conditions === undefined) return [];
  return [`      only rows where ${node.conditions.map(inWords).join(' and ')}`];
}

function inWords(condition: RowFilter): string {
  if ('anyOf' in condition) return condition.anyOf.map((all) => all.map(inWords).join(' and ')).join(' or ');
  const { column, is, value } = condition;
  return `${column} ${signs[is]} ${JSON.stringify(value)}`;
}

function guarantees(plan: PhysicalPlan): string[] {
  const lines: string[] = [];
  for (const { node, id } of plan.stages.flatMap((stage) => stage.operators)) {
    if (node.kind === 'source')
      lines.push(`${id}: ${node.source.name} ${node.source.guarantee}${node.source.bounded ? ', bounded' : ''}`);
    if (node.kind === 'sink')
      lines.push(
        `${id}: ${node.sink.name} ${node.sink.guarantee}, mode ${node.mode}${node.everyMs === 0 ? '' : ` at most every ${formatMs(node.everyMs)}`}`,
      );
  }
  return lines;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}
