/** Cases with known answers, as they lie in a folder: one JSON file each, a step script, or of kind `table` (table-case.ts). */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { OutputMode } from '../../src/plan/index.ts';
import { type TableCase, type TableCaseFile, tableCaseOf } from './table-case.ts';

export interface CaseInput {
  readonly name: string;
  readonly schema: readonly { readonly name: string; readonly type: string }[];
}
/** One step; which fields it has follows from `op` (script.ts). */
export interface Step {
  readonly op: string;
  readonly [field: string]: unknown;
}
export interface Case {
  readonly id: string;
  readonly outputMode: OutputMode;
  readonly inputs: readonly CaseInput[];
  /** Names of the columns of expected rows. */
  readonly output: readonly string[];
  readonly steps: readonly Step[];
  /** Why another answer is no fault; undefined: it is one. */
  readonly mayDiffer: string | undefined;
}

/** What a file must hold of it. */
interface CaseFile {
  readonly id: string;
  readonly outputMode: OutputMode;
  readonly inputs: readonly CaseInput[];
  readonly query: { readonly output: readonly string[] };
  readonly steps: readonly Step[];
  readonly notes?: string;
  readonly batchGranular?: boolean;
}

/** The cases of a folder, by file name. @throws Error for a file that holds no case, and if there are none */
export function casesIn(folder: string): readonly (Case | TableCase)[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (files.length === 0) throw new Error(`there is no case in ${folder}: each is a file *.json`);
  return files.toSorted().map((name) => caseOf(join(folder, name)));
}

function caseOf(path: string): Case | TableCase {
  const file = JSON.parse(readFileSync(path, 'utf8')) as Partial<CaseFile> | Partial<TableCaseFile>;
  return 'kind' in file && file.kind === 'table' ? tableCaseOf(file, path) : stepsOf(file as Partial<CaseFile>, path);
}

function stepsOf(file: Partial<CaseFile>, path: string): Case {
  const { id = basename(path, '.json'), outputMode = 'append', inputs, query, steps, notes = '', batchGranular } = file;
  if (!Array.isArray(inputs) || !Array.isArray(steps) || !Array.isArray(query?.output))
    throw new Error(`${path} is no case: it needs 'inputs', 'query.output' and 'steps'`);
  return {
    id,
    outputMode,
    inputs: inputs as CaseInput[],
    output: query.output,
    steps,
    mayDiffer: mayDiffer(notes, batchGranular),
  };
}

function mayDiffer(notes: string, batchGranular: boolean | undefined): string | undefined {
  if (batchGranular === true)
    return 'its function is called once per key and micro-batch, and here once per row, which gives other rows in between';
  return /\bSpark[- ]compatibility\b/i.test(notes) ? `it holds Spark to its own ways: ${notes}` : undefined;
}

/** The inputs that steps name. One that is not declared stands for the next declared one that no step names. */
export function inputNames({ inputs, steps }: Pick<Case, 'inputs' | 'steps'>): ReadonlyMap<string, string> {
  const declared = inputs.map(({ name }) => name);
  const said = new Set(steps.flatMap((step) => [...rowsOf(step).keys()]));
  const free = declared.filter((name) => !said.has(name));
  const others = [...said].filter((name) => !declared.includes(name));
  if (others.length > free.length)
    throw new Error(`its steps name the input '${others[free.length]}', and its inputs are ${declared.join(', ')}`);
  return new Map([...declared.map((name) => [name, name] as const), ...others.map((name, i) => [name, free[i]!] as const)]);
}

type JsonRow = readonly unknown[];

/** What `add` and `addTogether` feed, by input. */
export function rowsOf({ op, input, rows, data }: Step): ReadonlyMap<string, readonly JsonRow[]> {
  if (op === 'add') return new Map([[input as string, rows as readonly JsonRow[]]]);
  return new Map(op === 'addTogether' ? Object.entries(data as Record<string, readonly JsonRow[]>) : []);
}
