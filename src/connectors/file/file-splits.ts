/**
 * Files of lines as several splits each, every one of which has every Nth block.
 *
 * Owns: the names of the splits. One split of a file has the file's name; of several each has `[2/8]` behind it, whatever is in the
 * file's name: what stands in the last brackets is always the share, so no two splits of a source have the same name.
 */
import type { FileHandle } from 'node:fs/promises';
import { WeirError } from '../../core/index.ts';
import type { SourceContext } from '../../operators/index.ts';
import type { BlockShare } from '../records/index.ts';

/** Part of the source's identity: positions and shares mean nothing with blocks of another size. */
export const blockBytes: number = 1024 * 1024;
const splitsMax = 1024;

export interface FileSplits {
  readonly count: number;
  readonly blockBytes: number;
}

/** A file, or a share of its blocks, and the split that its records are counted in. */
export interface SplitFile {
  readonly split: string;
  readonly name: string;
  /** Null: all of it. */
  readonly share: BlockShare | null;
}

/** @throws WeirError `E_PLAN` if files cannot be read in so many splits */
export function checkSplits(splits: number, perFile: string, watch: boolean, where: string): void {
  if (!Number.isInteger(splits) || splits < 1 || splits > splitsMax)
    throw new WeirError('E_PLAN', `${where}: splits: ${splits} is no number of splits`, {
      hint: `give a whole number from 1 to ${splitsMax}`,
    });
  if (splits === 1) return;
  if (perFile === 'array')
    throw new WeirError('E_PLAN', `${where}: a JSON array is read from its begin to its end, so not in ${splits} splits`, {
      hint: 'leave splits out, or make files with one value a line',
    });
  if (watch)
    throw new WeirError('E_PLAN', `${where}: watched files are one split, an ordered list, so not ${splits} a file`, {
      hint: 'leave splits out, or watch',
    });
}

export function splitNames(files: readonly string[], { count }: FileSplits): readonly string[] {
  if (count === 1) return files;
  return files.flatMap((name) => Array.from({ length: count }, (_, index) => `${name}[${index}/${count}]`));
}

/** Of a name that `splitNames` gave. */
export function splitFile(split: string, { count, blockBytes }: FileSplits): SplitFile {
  if (count === 1) return { split, name: split, share: null };
  const bracket = split.lastIndexOf('[');
  const index = Number.parseInt(split.slice(bracket + 1), 10);
  return { split, name: split.slice(0, bracket), share: { index, count, blockBytes } };
}

/** For the source's identity. With one split it is what it was before there were several. */
export function splitsText({ count, blockBytes }: FileSplits): string {
  return count === 1 ? '' : ` in ${count} splits of blocks of ${blockBytes} bytes`;
}

/** A split that has ended is not read again, so it may have ended before the file was as long as it is to this one. */
export async function warnIfGrown(handle: FileHandle, name: string, size: number, { logger }: SourceContext): Promise<void> {
  const now = (await handle.stat()).size;
  if (now > size)
    logger.warn(
      { file: name, firstBytes: size, bytes: now },
      'the file has grown since it was first opened: what was added lacks the lines of those of its splits that had ended before',
    );
}
