/**
 * Where a blob is in a directory: a folder per part of its id, and a file for the last. No part of an id has a `=`: with one in their
 * names files are no folders (`a` and `a/b` are both ids), and no part is `.` or `..`.
 */
import { checkStoreName } from '../blob-id.ts';

const fileEnd = '=blob';
const unfinishedMark = '=new-';

export interface BlobPath {
  /** From the top down. */
  readonly folders: readonly string[];
  readonly file: string;
  /** What the names of files begin with that will get this name once they are whole. */
  readonly unfinished: string;
}

export function blobPath(id: string): BlobPath {
  const parts = checkStoreName(id).split('/');
  const last = parts.pop()!;
  return { folders: parts.map(folderOf), file: `${last}${fileEnd}`, unfinished: `${last}${unfinishedMark}` };
}

/** The id that a file belongs to, whole or not; undefined: it is not one of ours. */
export function blobIdOf(folders: readonly string[], file: string): string | undefined {
  const [last, end] = [file.slice(0, file.indexOf('=')), file.slice(file.indexOf('='))];
  if (end !== fileEnd && !end.startsWith(unfinishedMark)) return undefined;
  return [...folders.map((folder) => folder.replace('=', '')), last].join('/');
}

const folderOf = (part: string): string => (part === '.' || part === '..' ? `=${part}` : part);
