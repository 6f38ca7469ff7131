/** Which operators hold something of a key open, so that they can be asked what, and what such a key consists of. */
import { anySchema, type BatchSchema } from '../batch/index.ts';
import { groupTime, sessionCloses } from './group-time.ts';
import type { LogicalNode } from './logical.ts';

/** `windows`: those that a watermark closes, and sessions. */
export type OpenKind = 'windows' | 'count windows' | 'global windows' | 'join' | 'duplicates' | 'timers';

/** The columns of a key, and where their types are found. */
export interface KeyColumns {
  readonly keys: readonly string[];
  readonly schema: BatchSchema;
}
export interface OpenKeys extends KeyColumns {
  readonly kind: OpenKind;
}

/** Undefined: nothing of a key is open there; what comes is given out at once, or with the epoch. */
export function openKeys(node: LogicalNode): OpenKeys | undefined {
  switch (node.kind) {
    case 'aggregate': {
      const kind = openKindOf(node);
      return kind === undefined ? undefined : { kind, keys: node.keys, schema: node.input.schema };
    }
    case 'join':
      return node.regular === undefined ? { kind: 'join', keys: node.keys[0], schema: node.inputs[0].schema } : undefined;
    case 'dedup':
      return { kind: 'duplicates', keys: node.keys, schema: node.input.schema };
    case 'process':
      return 'column' in node.key
        ? { kind: 'timers', keys: [node.key.column], schema: node.input.schema }
        : { kind: 'timers', keys: ['key'], schema: anySchema };
    default:
      return undefined;
  }
}

function openKindOf(node: Extract<LogicalNode, { kind: 'aggregate' }>): OpenKind | undefined {
  if (node.trigger !== undefined) return 'global windows';
  if (node.count !== undefined) return 'count windows';
  return groupTime(node)?.closes === true || sessionCloses(node) ? 'windows' : undefined;
}
