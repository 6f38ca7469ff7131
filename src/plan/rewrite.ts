/** One pass over the graph of a job that changes nodes: inputs first, and what was shared stays shared. */
import type { LogicalJob, LogicalNode, SinkNode } from './logical.ts';
import { inputsOf } from './inputs.ts';

/** One pass: each node anew, after its inputs. */
export interface Pass {
  rewrite(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode;
}

/** @param passOf is given all nodes, inputs before what they feed */
export function rewritten(job: LogicalJob, passOf: (all: readonly LogicalNode[]) => Pass): LogicalJob {
  const all = inOrder(job.outputs);
  const pass = passOf(all);
  const done = new Map<LogicalNode, LogicalNode>();
  for (const node of all)
    done.set(
      node,
      pass.rewrite(
        node,
        inputsOf(node).map((input) => done.get(input)!),
      ),
    );
  return { ...job, outputs: job.outputs.map((sink) => done.get(sink) as SinkNode) };
}

function inOrder(sinks: readonly LogicalNode[]): readonly LogicalNode[] {
  const seen = new Set<LogicalNode>();
  const visit = (node: LogicalNode): void => {
    if (seen.has(node)) return;
    for (const input of inputsOf(node)) visit(input);
    seen.add(node);
  };
  for (const sink of sinks) visit(sink);
  return [...seen];
}

/** The same node over these inputs; itself if they are its own. */
export function over(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
  if (inputsOf(node).every((input, i) => input === inputs[i])) return node;
  return ('inputs' in node ? { ...node, inputs } : { ...node, input: inputs[0] }) as LogicalNode;
}
