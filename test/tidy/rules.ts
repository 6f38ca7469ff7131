import { posix } from 'node:path';
import type { Layers } from './layers.ts';
import type { SourceFacts } from './source-facts.ts';

/** The folder right under src that a path is in; '' for src itself. */
const folderOf = (path: string): string => (path.split('/').length > 2 ? path.split('/')[1]! : '');

/** Imports against the layer table, and imports past the door of a folder. */
export function importFaults(files: readonly SourceFacts[], layers: Layers): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.flatMap((target) => {
      const [from, to] = [folderOf(path), folderOf(target)];
      if (from === to) return [];
      if (to === '' || !layers.mayImport(from, to))
        return [`${path} imports ${target}: ${from || 'src/index.ts'} may not import ${to || 'src'}`];
      return target === `src/${to}/index.ts` ? [] : [`${path} imports ${target}: a folder is entered through its index.ts`];
    }),
  );
}

/** Files that no other source file imports, and that are no entry. */
export function orphans(files: readonly SourceFacts[], entries: readonly string[]): string[] {
  const imported = new Set(files.flatMap(({ imports }) => imports));
  return files.map(({ path }) => path).filter((path) => !imported.has(path) && !entries.includes(path));
}

export function ambientFaults(files: readonly SourceFacts[], allowedFolders: readonly string[]): string[] {
  return files.flatMap(({ path, ambient }) =>
    allowedFolders.includes(folderOf(path)) ? [] : ambient.map((use) => `${path} uses ${use}`),
  );
}

const isOperator = (path: string): boolean => /^src\/operators\/.*-operator\.ts$/.test(path);

/** Operators that no test with `verifyOperator` names: by file, by what the file exports, or by the operator file that makes it. */
export function unverifiedOperators(files: readonly SourceFacts[], tests: readonly SourceFacts[]): string[] {
  const verifying = tests.filter(({ text }) => /\bverifyOperator\(/.test(text)).map(({ text }) => text);
  const names = ({ path, exports }: SourceFacts): string[] => [
    posix.basename(path),
    ...exports,
    ...files.filter((maker) => isOperator(maker.path) && maker.imports.includes(path)).flatMap((maker) => maker.exports),
  ];
  const verified = (file: SourceFacts): boolean =>
    names(file).some((name) => verifying.some((text) => new RegExp(`\\b${name.replace('.', '\\.')}\\b`).test(text)));
  return files
    .filter((file) => isOperator(file.path) && !/\babstract class\b/.test(file.text) && !verified(file))
    .map(({ path }) => path);
}

/** Codes that no test expects; a test that merely makes such an error does not count. */
export function unprovokedCodes(codes: readonly string[], tests: readonly SourceFacts[]): string[] {
  const expected = tests.map(({ text }) => text.replace(/new WeirError\(\s*'E_\w+'/g, '')).join('\n');
  return codes.filter((code) => !new RegExp(`\\b${code}\\b`).test(expected));
}

/** Invariants that no test's title names. */
export function untestedInvariants(files: readonly SourceFacts[], tests: readonly SourceFacts[]): string[] {
  const titles = tests.flatMap((test) => test.titles).join('\n');
  const where = new Map(files.flatMap(({ path, invariants }) => invariants.map((id) => [id, path] as const)));
  return [...where].filter(([id]) => !new RegExp(`\\b${id}\\b`).test(titles)).map(([id, path]) => `${id} (${path})`);
}

export const linesMax = 400;
const vagueNames = /(^|\/)(utils?|helpers?|common|misc|types|.*-?manager|.*-impl)\.ts$/;

/** Files that have grown beyond a screenful of screenfuls, or whose name says nothing. */
export function shapeFaults(files: readonly SourceFacts[]): string[] {
  return files.flatMap(({ path, text }) => [
    ...(text.split('\n').length > linesMax ? [`${path} has more than ${linesMax} lines`] : []),
    ...(vagueNames.test(path) ? [`${path}: the name says nothing`] : []),
    ...(/\b(TODO|FIXME|XXX)\b/.test(text) ? [`${path} leaves something to do`] : []),
  ]);
}
