/**
 * Cases of kind `table`: inputs that are given whole, and the table that must have come of them at their end.
 *
 * Owns: what such a file holds, and its rows: those that stand in it, or in a file of JSON lines that it names, relative to one of the
 * folders that it lies in.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { OutputMode } from '../../src/plan/index.ts';

type JsonRow = Readonly<Record<string, unknown>>;
type Columns = readonly { readonly name: string; readonly type: string }[];

export interface TableInput {
  readonly name: string;
  readonly rows: readonly JsonRow[];
  /** Undefined: as the rows are. */
  readonly schema: Columns | undefined;
}
export interface TableCase {
  readonly kind: 'table';
  readonly id: string;
  /** Unless the definition says another. */
  readonly mode: OutputMode;
  /** Read when they are asked for. */
  readonly inputs: () => readonly TableInput[];
  readonly columns: readonly string[];
  /** Columns that no two rows have in common; undefined: the query knows. */
  readonly key: readonly string[] | undefined;
  readonly rowCount: number | undefined;
  /** Of the rows as compact JSON, sorted by code units, each with a newline. */
  readonly sha256: string | undefined;
  readonly rows: (() => readonly JsonRow[]) | undefined;
  readonly mayDiffer: undefined;
}

/** What a file must hold of it. */
export interface TableCaseFile {
  readonly id: string;
  readonly kind: 'table';
  readonly emission?: string;
  readonly outputMode?: OutputMode;
  readonly comparison?: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly file?: string;
    readonly rows?: readonly JsonRow[];
    readonly schema?: Columns | string;
  }[];
  readonly expected: {
    readonly columns: readonly string[];
    readonly key?: readonly string[];
    readonly rowCount?: number;
    readonly sha256OfSortedLines?: string;
    readonly file?: string | null;
    readonly rows?: readonly JsonRow[];
  };
}

/** @throws Error for what it does not say, or says in words that are not known */
export function tableCaseOf(file: Partial<TableCaseFile>, path: string): TableCase {
  const { id = path, emission = 'append', comparison = 'multiset', inputs, expected } = file;
  if (!Array.isArray(inputs) || !Array.isArray(expected?.columns))
    throw new Error(`${path} is no case: a table needs 'inputs' and 'expected.columns'`);
  if (comparison !== 'multiset') throw new Error(`${path}: rows are compared as a multiset, and not as '${comparison}'`);
  const {
    columns,
    key,
    rowCount,
    sha256OfSortedLines: sha256,
    file: rowsFile = null,
    rows,
  } = expected as TableCaseFile['expected'];
  if (rowsFile === null && rows === undefined && sha256 === undefined)
    throw new Error(`${path} expects nothing: it needs 'expected.rows', 'expected.file' or 'expected.sha256OfSortedLines'`);
  return {
    kind: 'table',
    id,
    mode: file.outputMode ?? modeOf(emission, path),
    inputs: () =>
      (inputs as TableCaseFile['inputs']).map((input) => ({
        name: input.name,
        rows: input.rows ?? rowsIn(fileBeside(path, input.file)),
        schema: typeof input.schema === 'string' ? undefined : input.schema,
      })),
    columns,
    key,
    rowCount,
    sha256,
    rows: rowsFile !== null ? () => rowsIn(fileBeside(path, rowsFile)) : rows === undefined ? undefined : () => rows,
    mayDiffer: undefined,
  };
}

/** It may say more behind the word. */
function modeOf(emission: string, path: string): OutputMode {
  if (/^append\b/.test(emission)) return 'append';
  if (/^updat/.test(emission)) return 'update';
  throw new Error(`${path}: the emission '${emission}' is not known: there are append and updating`);
}

function fileBeside(path: string, name: string | undefined): string {
  if (name === undefined) throw new Error(`${path}: an input needs 'file' or 'rows'`);
  const tried: string[] = [];
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const found = join(folder, name);
    if (existsSync(found)) return found;
    tried.push(found);
    if (folder === dirname(folder)) throw new Error(`${path}: there is no ${name}: neither ${tried.join(' nor ')}`);
  }
}

/** The cases of a folder share their files. */
const read = new Map<string, readonly JsonRow[]>();

function rowsIn(path: string): readonly JsonRow[] {
  const known = read.get(path);
  if (known !== undefined) return known;
  const lines = readFileSync(path, 'utf8').split('\n');
  const rows = lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as JsonRow);
  read.set(path, rows);
  return rows;
}
