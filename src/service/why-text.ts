/** What `weir why` shows. */
import type { Why } from '../cluster/index.ts';

/** Splits that are named; there may be thousands. */
const namedMax = 5;

export function whyText({ job, state, rowsLate, paused, operators }: Why): string {
  return [
    `${job} is ${state}; rows late so far: ${rowsLate}`,
    ...paused.slice(0, namedMax).map(({ says }) => says),
    ...(paused.length > namedMax ? [`and ${paused.length - namedMax} more splits wait for others`] : []),
    ...(operators.length === 0 ? ['it has no operator that holds anything of a key open'] : []),
    ...operators.flatMap(({ operator, rowsLate: lateThere, says }) => [
      `${operator}${lateThere === 0 ? '' : `, rows late there since its last start: ${lateThere}`}:`,
      ...says.map((line) => `  ${line}`),
    ]),
  ].join('\n');
}
