/** What `weir why` shows. */
import type { Why } from '../cluster/index.ts';

export function whyText({ job, state, rowsLate, operators }: Why): string {
  const head = `${job} is ${state}; rows late so far: ${rowsLate}`;
  if (operators.length === 0) return `${head}\nit has no operator whose windows a watermark closes`;
  return [head, ...operators.flatMap(({ operator, says }) => [`${operator}:`, ...says.map((line) => `  ${line}`)])].join('\n');
}
