/** The event time that a column's value stands for. */

/** The time of a timestamp, or of a window `{start, end}` (its last millisecond); undefined where there is none. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'number') return finite(value);
  if (value instanceof Date) return finite(value.getTime());
  if (typeof value === 'object' && value !== null && 'end' in value && typeof value.end === 'number')
    return finite(value.end - 1);
  return undefined;
}

const finite = (time: number): number | undefined => (Number.isFinite(time) ? time : undefined);
