/** A stream in one line, for consoles and debuggers: `Stream(file in.jsonl → map → aggregate by window, deviceId)`. */
import type { LogicalNode } from '../plan/index.ts';

export function streamText(node: LogicalNode): string {
  return `Stream(${pathText(node)})`;
}

function pathText(node: LogicalNode): string {
  if (node.kind === 'source') return node.source.name;
  if (node.kind === 'union') return `union of ${node.inputs.length}`;
  if (node.kind === 'join')
    return `${pathText(node.inputs[0])} → ${node.name ?? `${node.how} ${node.asOf === true ? 'as-of join' : 'join'}`}`;
  return `${pathText(node.input)} → ${node.name ?? stepText(node)}`;
}

function stepText(node: LogicalNode): string {
  switch (node.kind) {
    case 'aggregate':
      return `aggregate by ${[...(node.session === undefined ? [] : ['session']), ...(node.window === undefined && node.count === undefined && node.trigger === undefined ? [] : ['window']), ...node.keys].join(', ') || 'nothing'}`;
    case 'lookup':
      return `${node.how} lookup`;
    case 'dedup':
      return `first of ${node.keys.join(', ')}`;
    case 'limit':
      return `limit ${node.rows}`;
    case 'watermark':
      return `watermark on ${node.column}`;
    default:
      return node.kind;
  }
}
