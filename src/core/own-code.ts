/** Which files are Weir's own: with source maps a stack of the built code names the sources, which lie beside it. */
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const own: readonly string[] = ['src', 'dist'].map((folder) => `${root}${folder}${sep}`);

/** @param path a path or a file: URL from a stack */
export function isOwnCode(path: string): boolean {
  const file = path.startsWith('file://') ? fileURLToPath(path) : path;
  return own.some((folder) => file.startsWith(folder));
}
