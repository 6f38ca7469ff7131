/**
 * Which files a path stands for: one file, those of a folder, or those that match a pattern.
 *
 * Owns: the names of splits, which are paths relative to the folder, so that a data set may be moved as a whole.
 * Hidden files (`.name`) and folders inside a folder are left out; a pattern with `**` reaches into folders.
 */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { WeirError } from '../../core/index.ts';
import { isGlob, matchesGlob, reachesGlob, splitGlob } from './glob.ts';

export interface InputFiles {
  readonly folder: string;
  /** Relative to the folder, with `/`, in the order of their bytes. */
  readonly names: readonly string[];
}

/** @throws WeirError `E_SOURCE` if there are none */
export async function inputFiles(path: string): Promise<InputFiles> {
  const files = await presentFiles(path);
  if (files.names.length > 0) return files;
  throw nothing(files.folder === path ? `the folder ${path} holds no files` : `no file matches ${path}`);
}

/** As `inputFiles`; none is in order. */
export async function presentFiles(path: string): Promise<InputFiles> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && isGlob(path)) return null;
    throw error.code === 'ENOENT' ? nothing(`there is no file ${path}`) : unreadable(error, path);
  });
  if (found !== null && !found.isDirectory()) return { folder: dirname(path), names: [basename(path)] };
  const files = found === null ? await matches(path) : { folder: path, names: await filesOf(path) };
  return { folder: files.folder, names: files.names.toSorted(byBytes) };
}

/** Where the split of that name lies. */
export function inputFile(folder: string, name: string): string {
  return join(folder, name);
}

/** The folder that the splits of a path are relative to. */
export async function folderOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) return isGlob(path) ? splitGlob(path).base : dirname(path);
  return found.isDirectory() ? path : dirname(path);
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(error, folder);
  });
  const names: string[] = [];
  for (const entry of entries) {
    if (!entry.name.startsWith('.') && (await isFile(entry, join(folder, entry.name)))) names.push(entry.name);
  }
  return names;
}

async function matches(pattern: string): Promise<InputFiles> {
  const { base, names } = splitGlob(pattern);
  return { folder: base, names: await below(base, [], names) };
}

async function below(base: string, folder: readonly string[], names: readonly string[]): Promise<string[]> {
  const entries = await readdir(join(base, ...folder), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw unreadable(error, join(base, ...folder));
  });
  const found: string[] = [];
  for (const entry of entries) {
    const path = [...folder, entry.name];
    if (entry.isDirectory()) {
      if (reachesGlob(path, names)) found.push(...(await below(base, path, names)));
    } else if (matchesGlob(path, names) && (await isFile(entry, join(base, ...path)))) found.push(path.join('/'));
  }
  return found;
}

/** Links count as what they lead to. */
async function isFile(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Waiting may bring a disk back, but neither a missing file nor a permission. */
export function unreadable(error: NodeJS.ErrnoException, path: string): WeirError {
  const lasting = ['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ELOOP'].includes(error.code ?? '');
  return new WeirError('E_SOURCE', `${path} cannot be read: ${error.message}`, {
    cause: error,
    ...(lasting ? { retry: 'never' } : {}),
  });
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function nothing(message: string): WeirError {
  return new WeirError('E_SOURCE', message, {
    retry: 'never',
    hint: 'give the path of a file, of a folder, or a pattern such as data/*.jsonl',
  });
}
