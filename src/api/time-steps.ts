/** The parts of a pattern of times, such as `yyyy-MM-dd'T'HH:mm`: for reading (time-pattern.ts) and for writing (time-format.ts). */
import { WeirError } from '../core/index.ts';

export const timeParts: readonly string[] = ['yyyy', 'MM', 'dd', 'HH', 'mm', 'ss', 'SSS'];
/** `part`: which of `timeParts`; -1 for a literal. */
export interface TimeStep {
  readonly part: number;
  readonly text: string;
}

/** @throws WeirError `E_SCHEMA` for letters that mean nothing, and for a part that stands in it twice */
export function timeSteps(pattern: string, where: string): readonly TimeStep[] {
  const steps: TimeStep[] = [];
  for (const [token, quoted] of pattern.matchAll(/'([^']*)'|([A-Za-z])\2*|[^A-Za-z]/g)) {
    const part = timeParts.indexOf(token);
    if (part >= 0 && steps.some((step) => step.part === part)) throw refusedPattern(where, `'${token}' stands in it twice`);
    if (part < 0 && quoted === undefined && /[A-Za-z]/.test(token)) throw refusedPattern(where, `'${token}' means nothing in it`);
    steps.push({ part, text: quoted === undefined ? token : quoted === '' ? "'" : quoted });
  }
  return steps;
}

export function refusedPattern(where: string, why: string): WeirError {
  return new WeirError('E_SCHEMA', `${where}: ${why}`, {
    hint: "a pattern is made of yyyy, MM, dd, HH, mm, ss and SSS; put other letters between quotes: yyyy-MM-dd'T'HH:mm",
  });
}
