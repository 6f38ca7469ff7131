/** What a job says of what it holds open: which operators do, how far each has come, and what its watermark waits for. */
import { type LogicalNode, openKeys, type PhysicalPlan, type Stage } from '../plan/index.ts';
import type { WindowsStatus, WindowSource } from './status.ts';
import type { SubtaskFacts } from './subtask-facts.ts';

/** One for each operator that holds something of a key open, in the order of the plan. */
export function windowsOf(plan: PhysicalPlan, subtasks: readonly SubtaskFacts[]): readonly WindowsStatus[] {
  return plan.stages.flatMap((stage) =>
    stage.operators.flatMap(({ id, node }) => {
      const kind = openKeys(node)?.kind;
      if (kind === undefined) return [];
      const own = subtasks.flatMap(({ windows }) => windows.filter(({ operator }) => operator === id));
      const watermarks = own.map(({ watermark }) => watermark);
      const ends = own.map(({ nextWindowEnd }) => nextWindowEnd).filter((end) => end !== null);
      return [
        {
          operator: id,
          kind,
          rowsLate: lateAt([id, ...combinersOf(plan, node)], subtasks),
          watermark: watermarks.length === 0 || watermarks.includes(null) ? null : Math.min(...watermarks.map((each) => each!)),
          nextWindowEnd: ends.length === 0 ? null : Math.min(...ends),
          latenessMs: node.kind === 'aggregate' ? (node.window?.latenessMs ?? 0) : 0,
          sources: sourcesAbove(plan, stage),
        },
      ];
    }),
  );
}

/** Before the shuffle rows of an aggregation may be combined: what is late by then is so there. */
function combinersOf(plan: PhysicalPlan, node: LogicalNode): readonly string[] {
  if (node.kind !== 'aggregate') return [];
  return plan.stages.flatMap(({ operators }) =>
    operators.filter((each) => each.node.kind === 'combine' && each.node === node.input).map(({ id }) => id),
  );
}

function lateAt(operators: readonly string[], subtasks: readonly SubtaskFacts[]): number {
  const late = subtasks.flatMap((subtask) => subtask.late.filter(({ operator }) => operators.includes(operator)));
  return late.reduce((sum, { rows }) => sum + rows, 0);
}

function sourcesAbove(plan: PhysicalPlan, stage: Stage): readonly WindowSource[] {
  const seen = new Set<number>();
  const found: WindowSource[] = [];
  const visit = (of: Stage): void => {
    if (seen.has(of.index)) return;
    seen.add(of.index);
    const root = of.operators[0]!;
    if (root.node.kind === 'source') found.push({ source: root.id, ...delaysOf(of) });
    for (const input of of.inputs) visit(plan.stages[plan.edges[input]!.from]!);
  };
  visit(stage);
  return found;
}

function delaysOf({ operators }: Stage): Pick<WindowSource, 'delayMs' | 'idleAfterMs'> {
  const node = operators.map((operator) => operator.node).find(({ kind }) => kind === 'watermark');
  if (node?.kind !== 'watermark') return { delayMs: null, idleAfterMs: 0 };
  return { delayMs: node.strategy === undefined ? node.delayMs : null, idleAfterMs: node.idleAfterMs };
}
