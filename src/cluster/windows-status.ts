/** What a job says of its windows: which operators have them, how far each has come, and what its watermark waits for. */
import { groupTime, type PhysicalPlan, sessionCloses, type Stage } from '../plan/index.ts';
import type { WindowsStatus, WindowSource } from './status.ts';
import type { SubtaskFacts } from './subtask-facts.ts';

/** One for each aggregation whose groups a watermark closes, in the order of the plan. */
export function windowsOf(plan: PhysicalPlan, subtasks: readonly SubtaskFacts[]): readonly WindowsStatus[] {
  return plan.stages.flatMap((stage) =>
    stage.operators.flatMap(({ id, node }) => {
      if (node.kind !== 'aggregate' || !(groupTime(node)?.closes === true || sessionCloses(node))) return [];
      const own = subtasks.flatMap(({ windows }) => windows.filter(({ operator }) => operator === id));
      const watermarks = own.map(({ watermark }) => watermark);
      const ends = own.map(({ nextWindowEnd }) => nextWindowEnd).filter((end) => end !== null);
      return [
        {
          operator: id,
          watermark: watermarks.length === 0 || watermarks.includes(null) ? null : Math.min(...watermarks.map((each) => each!)),
          nextWindowEnd: ends.length === 0 ? null : Math.min(...ends),
          latenessMs: node.window?.latenessMs ?? 0,
          sources: sourcesAbove(plan, stage),
        },
      ];
    }),
  );
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
