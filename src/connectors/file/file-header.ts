/** The first line of a file, in formats where it is no record. Every split of the file reads it. */
import type { FileHandle } from 'node:fs/promises';
import { WeirError } from '../../core/index.ts';
import type { FormatDefinition } from '../formats/index.ts';
import { LineSplitter } from '../records/index.ts';
import { readAt } from './file-position.ts';

const headerBytesMax = 1024 * 1024;

export interface Header {
  /** Where the first record begins, and the lines before it. */
  readonly offset: number;
  readonly count: number;
  readonly decode: (record: Uint8Array) => object;
}

/** What the file's first line says of the others, in formats that have one. @throws WeirError `E_SOURCE` if it cannot be used */
export async function headerOf(handle: FileHandle, format: FormatDefinition, split: string): Promise<Header> {
  const none: Header = { offset: 0, count: 0, decode: (record) => format.decode(record) };
  if (format.header === undefined) return none;
  const splitter = new LineSplitter(0, 0, headerBytesMax);
  splitter.push(await readAt(handle, 0, headerBytesMax));
  const line = splitter.next() ?? splitter.end();
  if (line === null) return none;
  try {
    return { offset: splitter.offset, count: splitter.count, decode: format.header.decoder(line.bytes) };
  } catch (error) {
    throw new WeirError('E_SOURCE', `${split}:1: ${(error as Error).message}`, { cause: error, retry: 'never' });
  }
}
