/** By which time the groups of an aggregation close. */
import { type BatchSchema, fieldOf } from '../batch/index.ts';
import { underWatermark } from './kinds.ts';
import { equalIsLate } from './lateness.ts';
import type { AggregateNode } from './logical.ts';
import type { WindowSpec } from './window-spec.ts';

export interface GroupTime {
  readonly spec: WindowSpec;
  /** A watermark closes the windows. */
  readonly closes: boolean;
  /** The window is a column of the result; otherwise it only says when a key's rows are final. */
  readonly shown: boolean;
}

/** A watermark closes the sessions of an aggregation. */
export function sessionCloses({ input, session }: AggregateNode): boolean {
  return session !== undefined && underWatermark(input, session.column) !== 'no';
}

/**
 * The window of an aggregation; undefined for one by sessions, by numbers of rows, or by a trigger. Without one, a key that is itself a time under a watermark is a window of one millisecond:
 * no row of it comes any more once the watermark has reached it (lateness.ts), and of one that is a window once it has ended.
 */
export function groupTime(node: AggregateNode): GroupTime | undefined {
  const { input, window, session, count, trigger, keys, takesLate = false } = node;
  if (session !== undefined || count !== undefined || trigger !== undefined) return undefined;
  if (window !== undefined)
    return { spec: window, closes: !takesLate && underWatermark(input, window.column) !== 'no', shown: true };
  const column = keys.find((key) => underWatermark(input, key) === 'yes');
  if (column === undefined) return undefined;
  const latenessMs = isMoment(input.schema, column) && equalIsLate(input) ? -1 : 0;
  return { spec: { column, sizeMs: 1, slideMs: 1, offsetMs: 0, latenessMs }, closes: !takesLate, shown: false };
}

const isMoment = (schema: BatchSchema, column: string): boolean => fieldOf(schema, column)?.type.kind === 'timestamp';
