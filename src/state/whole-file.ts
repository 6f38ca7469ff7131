/**
 * Small files that are there as a whole or not at all, whoever reads or dies meanwhile.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { WeirError } from '../core/index.ts';

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as { code?: string }).code === 'ENOENT') return undefined;
    throw WeirError.from(thrown, 'E_STORE', path);
  }
}

/**
 * Old or new, whole, after any crash: written beside, synced, renamed, and the rename synced.
 * @param partial what it is called until it is whole (NAME.tmp); of each writer its own, where there may be several at once
 */
export async function replaceFile(directory: string, name: string, text: string, partial = `${name}.tmp`): Promise<void> {
  const path = join(directory, name);
  try {
    const file = await open(join(directory, partial), 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(join(directory, partial), path);
    const folder = await open(directory, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (thrown) {
    throw WeirError.from(thrown, 'E_STORE', path);
  }
}
