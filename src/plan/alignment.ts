/**
 * Sources that are read together: how a plan says it, and what cannot be.
 *
 * A group must never wait for itself. The split that is furthest behind is always read; so each source is in one group, a group has one
 * drift, and a source that an operator reads to its end before another is in none.
 */
import { formatMs } from '../core/index.ts';
import { inputsOf } from './inputs.ts';
import type { LogicalNode, SourceNode } from './logical.ts';
import type { Refusal } from './retraction.ts';
import type { SourceAlignment, WatermarkNode } from './watermark-node.ts';

interface Aligned extends WatermarkNode {
  readonly align: SourceAlignment;
}

/** As it stands in a plan; empty where a source goes on by itself. */
export function alignmentText({ align }: WatermarkNode): string {
  return align === undefined ? '' : `, aligned within ${formatMs(align.maxDriftMs)} in '${align.group}'`;
}

/** @param nodes all of a job */
export function alignmentFault(nodes: ReadonlySet<LogicalNode>): (Refusal & { readonly node: WatermarkNode }) | undefined {
  const aligned = [...nodes].filter((node): node is Aligned => node.kind === 'watermark' && node.align !== undefined);
  const tables = aligned.length === 0 ? new Set<LogicalNode>() : sourcesOfTables(nodes);
  const drifts = new Map<string, number>();
  const taken = new Set<LogicalNode>();
  for (const node of aligned) {
    const { group, maxDriftMs } = node.align;
    const source = sourceOf(node);
    if (tables.has(source))
      return {
        node,
        reason: `${source.source.name} is read as a table, to its end before the rows that are joined with it, and cannot be aligned with others`,
        hint: 'leave `align` out for it',
      };
    if (taken.has(source))
      return { node, reason: `${source.source.name} is aligned twice`, hint: 'say `align` with one of its watermarks' };
    taken.add(source);
    const drift = drifts.get(group) ?? maxDriftMs;
    if (drift !== maxDriftMs)
      return {
        node,
        reason: `the group '${group}' is aligned within ${formatMs(drift)} elsewhere, and within ${formatMs(maxDriftMs)} here`,
        hint: 'give all of a group the same `maxDrift`, or name another `group`',
      };
    drifts.set(group, maxDriftMs);
  }
  return undefined;
}

/** A watermark stands in a source's own chain (T1). */
function sourceOf(node: LogicalNode): SourceNode {
  return node.kind === 'source' ? node : sourceOf(inputsOf(node)[0]!);
}

function sourcesOfTables(nodes: ReadonlySet<LogicalNode>): ReadonlySet<LogicalNode> {
  const found = new Set<LogicalNode>();
  const visit = (node: LogicalNode): void => {
    if (found.has(node)) return;
    found.add(node);
    inputsOf(node).forEach(visit);
  };
  for (const node of nodes) if (node.kind === 'join' && node.table === true) visit(node.inputs[1]);
  return found;
}
