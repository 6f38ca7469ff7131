/** What `weir why` shows. */
import type { Why } from '../cluster/index.ts';

/** Splits that are named; there may be thousands. */
const namedMax = 5;

export function whyText({ job, state, rowsLate, paused, operators }: Why): string {
  return [
    `${job} is ${state}; rows late so far: ${rowsLate}`,
    ...paused.slice(0, namedMax).map(({ says }) => says),
    ...(paused.length > namedMax ? [`and ${paused.length - namedMax} more splits wait for others`] : []),
    ...(operators.length === 0 ? ['it has no operator whose windows a watermark closes'] : []),
    ...operators.flatMap(({ operator, says }) => [`${operator}:`, ...says.map((line) => `  ${line}`)]),
  ].join('\n');
}
