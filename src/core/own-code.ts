/** Which files are Weir's own: with source maps a stack of the built code names the sources, which lie beside it. */
import { extname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

// This file lies in a folder of src; built, it is part of a chunk, in a folder of dist (scripts/build.mjs sees to it).
const root = fileURLToPath(new URL('../..', import.meta.url));
const own: readonly string[] = ['src', 'dist'].map((folder) => `${root}${folder}${sep}`);
/** Of this installation's own modules: `.js` once built, `.ts` when run from its sources. */
const ending = extname(import.meta.url);

/** @param path a path or a file: URL from a stack */
export function isOwnCode(path: string): boolean {
  const file = path.startsWith('file://') ? fileURLToPath(path) : path;
  return own.some((folder) => file.startsWith(folder));
}

/** A module of this installation that is started, or loaded, by its file: `service/bin`. One of the entries of scripts/build.mjs. */
export const ownModule = (path: string): URL => new URL(`../${path}${ending}`, import.meta.url);
