/** All cases of a folder against the definitions of their queries, each lived in every way. */
import { type Case, casesIn } from './case.ts';
import type { Definition, Way } from './query.ts';
import { Differs, live } from './script.ts';
import type { TableCase } from './table-case.ts';
import { liveTable } from './table.ts';

/** By case id, with or without what stands before its last `/`. */
export type Definitions = Readonly<Record<string, Definition>>;

const ways = {
  plain: { parallelism: 1 },
  killed: { parallelism: 1, killedAt: [2, 1] },
  parallel3: { parallelism: 3 },
} as const satisfies Readonly<Record<string, Way>>;
type WayName = keyof typeof ways;
const wayNames = Object.keys(ways) as WayName[];

export type Verdict = 'passed' | 'failed' | 'skipped';
export interface CaseResult {
  readonly id: string;
  readonly result: Verdict;
  /** Why not passed; '' otherwise. */
  readonly reason: string;
  readonly runs: Readonly<Record<WayName, Verdict>>;
}
export interface Conformance {
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  /** Differ, and may: the reason says why. */
  readonly skipped: number;
  readonly results: readonly CaseResult[];
}

/** @param each told each result as it is known */
export async function conformance(
  folder: string,
  definitions: Definitions,
  each: (result: CaseResult) => void = () => {},
): Promise<Conformance> {
  const results: CaseResult[] = [];
  for (const of of casesIn(folder)) {
    const result = await resultOf(of, definitions);
    results.push(result);
    each(result);
  }
  const counted = (verdict: Verdict): number => results.filter(({ result }) => result === verdict).length;
  return { cases: results.length, passed: counted('passed'), failed: counted('failed'), skipped: counted('skipped'), results };
}

export async function resultOf(of: Case | TableCase, definitions: Definitions): Promise<CaseResult> {
  const define = definitions[of.id] ?? definitions[of.id.split('/').at(-1)!];
  const all = (verdict: Verdict): CaseResult['runs'] => ({ plain: verdict, killed: verdict, parallel3: verdict });
  if (define === undefined) return { id: of.id, result: 'failed', reason: 'it has no definition', runs: all('failed') };
  const runs = { ...all('passed') };
  let reason = '';
  for (const name of wayNames) {
    const { verdict, why } = await lived(of, define, ways[name]);
    runs[name] = verdict;
    if (verdict !== 'passed' && reason === '') reason = `${name}: ${why}`;
  }
  const verdicts = Object.values(runs);
  const result = verdicts.includes('failed') ? 'failed' : verdicts.includes('skipped') ? 'skipped' : 'passed';
  return { id: of.id, result, reason, runs };
}

/** Longer than a case takes by far: a query that stands still is a finding, and no reason to wait for ever. */
const lifeMsMax = 60_000;

async function lived(
  of: Case | TableCase,
  define: Definition,
  way: Way,
): Promise<{ readonly verdict: Verdict; readonly why: string }> {
  try {
    await withinLife('steps' in of ? live(of, define, way) : liveTable(of, define, way));
    return { verdict: 'passed', why: '' };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    if (error instanceof Differs && of.mayDiffer !== undefined)
      return { verdict: 'skipped', why: `${said} (this may be: ${of.mayDiffer})` };
    return { verdict: 'failed', why: said };
  }
}

async function withinLife(life: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not over after ${lifeMsMax / 1000} s`)), lifeMsMax);
  });
  try {
    await Promise.race([life, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws Error if that is no record of functions by case id */
export function definitionsOf(exported: unknown, file: string): Definitions {
  const isOne =
    typeof exported === 'object' && exported !== null && Object.values(exported).every((define) => typeof define === 'function');
  if (isOne) return exported as Definitions;
  throw new Error(`${file}: its default export must be { [caseId]: (inputs) => stream }`);
}
