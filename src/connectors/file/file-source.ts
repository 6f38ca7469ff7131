/**
 * Files as a source: each file is one split, read from its begin to its end, or several of interleaved blocks.
 *
 * Owns: opening a file at a position, with the checks that it still is the same file. Replayable, so exactly-once.
 */
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { normalize } from 'node:path';
import { asSource, type Format, type Source } from '../../api/index.ts';
import { WeirError } from '../../core/index.ts';
import type { Position, SourceContext, SourceDefinition, SplitReader } from '../../operators/index.ts';
import { type FormatDefinition, lineFormat } from '../formats/index.ts';
import { ArraySplitter, BlockLines, LineSplitter } from '../records/index.ts';
import { ChunkReader } from './chunk-reader.ts';
import { headerOf } from './file-header.ts';
import { changed, checkFile, type FilePosition, headOf } from './file-position.ts';
import { FileReader, type FileReaderOptions } from './file-reader.ts';
import {
  blockBytes as defaultBlockBytes,
  checkSplits,
  type FileSplits,
  type SplitFile,
  splitFile,
  splitNames,
  splitsText,
  warnIfGrown,
} from './file-splits.ts';
import { folderOf, inputFile, inputFiles, unreadable } from './input-files.ts';
import { openWatched, takePresent, type WatchedPosition } from './watched-files.ts';

/** A line or element beyond this is a dead record, of which the begin is kept. */
const recordBytesMax = 16 * 1024 * 1024;

export interface FileSourceOptions<Row> {
  /** A file, a folder (its files, but not the hidden ones and not those in folders of it), or a pattern with `*`, `?` and `**`. */
  readonly path: string;
  readonly format: Format<Row>;
  /** One value a line, or one JSON array a file (`lines`). */
  readonly perFile?: 'lines' | 'array';
  /** Rows a second of each file, counted from the first one that this process reads; 0 = as fast as it goes (0). */
  readonly rate?: number;
  /**
   * Stay, and read files that appear in the folder, or come to match the pattern (false). They are one split: an ordered list of
   * files, each read once and whole. Move files there under their final name once they are complete.
   */
  readonly watch?: boolean;
  /**
   * Each file as so many splits, from 1 to 1024, that subtasks read side by side (1): as many as the job's parallelism, and all of
   * them work on one large file. A split has every Nth block of 1 MiB, so all are at about the same place; the lines of one
   * split come in their order, those of two in none. `perFile: 'array'` and `watch` have one split. `rate` is still a file's: each
   * split has its part. Messages and dead letters name the byte that a line begins at, `events.jsonl@1048576`, not its number.
   * What a file grows by is read by those of its splits that have not ended: let it grow only while all of them have
   * rows to come, or take one split. A job that has begun keeps its number of splits.
   */
  readonly splits?: number;
}

/**
 * Lines of files, or elements of JSON arrays in files. Blank lines count where the format says so. Line numbers, and
 * places in messages, count from 1; a last line needs no end. A file may grow between two runs of a job, but what was
 * read of it must stay: else the job ends with `E_SOURCE_CHANGED`.
 *
 * @throws WeirError `E_PLAN` for options that do not go together
 */
export function fileSource<Row extends object>(options: FileSourceOptions<Row>): Source<Row> {
  return fileSourceOf(options, defaultBlockBytes);
}

/** @param blockBytes of the blocks of files that are read in several splits */
export function fileSourceOf<Row extends object>(options: FileSourceOptions<Row>, blockBytes: number): Source<Row> {
  const { path, perFile = 'lines', rate = 0, watch = false, splits: count = 1 } = options;
  const where = `file.source('${path}')`;
  const format = lineFormat(options.format as unknown as Format<never>, where);
  if (typeof path !== 'string' || path === '') throw new WeirError('E_PLAN', 'file.source() needs a path');
  if (!(rate >= 0) || rate === Number.POSITIVE_INFINITY)
    throw new WeirError('E_PLAN', `${where}: ${rate} is no rate`, { hint: 'give rows a second, or 0 for no limit' });
  if (perFile === 'array' && format.name !== 'json')
    throw new WeirError('E_PLAN', `${where}: perFile: 'array' reads json(), not ${format.name}()`);
  checkSplits(count, perFile, watch, where);
  const settings = { path: normalize(path), format, perFile, rate: rate / count, splits: { count, blockBytes } };
  return asSource<Row>(watch ? watched(settings) : definition(settings));
}

/** Reads only some columns, and rows, where the format can. */
function reduced(
  settings: FileSettings,
  make: (settings: FileSettings) => SourceDefinition,
): Pick<SourceDefinition, 'project' | 'filter'> {
  const { project, filter } = settings.format;
  return {
    ...(project === undefined ? {} : { project: (columns) => make({ ...settings, format: project(columns) }) }),
    ...(filter === undefined ? {} : { filter: (conditions) => make({ ...settings, format: filter(conditions) }) }),
  };
}

function definition(settings: FileSettings): SourceDefinition {
  const { path, format, perFile, splits } = settings;
  return {
    type: 'source',
    name: `file ${path}`,
    guarantee: 'exactly-once',
    schema: format.schema,
    identity: `file ${path}, ${format.name}, ${perFile}${splitsText(splits)}`,
    bounded: true,
    splits: async () => splitNames((await inputFiles(path)).names, splits),
    open: (split, from, records, context) => openFile(settings, splitFile(split, splits), from, records, context),
    ...reduced(settings, definition),
  };
}

function watched(settings: FileSettings): SourceDefinition {
  const { path, format, perFile } = settings;
  return {
    type: 'source',
    name: `files ${path}`,
    guarantee: 'exactly-once',
    schema: format.schema,
    identity: `files of ${path}, ${format.name}, ${perFile}`,
    bounded: false,
    splits: async () => [path],
    endNow: (_split, context) => takePresent(path, context),
    open: (split, from, records, context) =>
      openWatched(
        path,
        (name, position, before) => openFile(settings, { split, name, share: null }, position, before, context),
        from as WatchedPosition | undefined,
        records,
        context,
      ),
    ...reduced(settings, watched),
  };
}

interface FileSettings {
  readonly path: string;
  readonly format: FormatDefinition;
  readonly perFile: 'lines' | 'array';
  /** Rows a second of a split. */
  readonly rate: number;
  readonly splits: FileSplits;
}

async function openFile(
  settings: FileSettings,
  of: SplitFile,
  from: Position | undefined,
  records: number,
  context: SourceContext,
): Promise<SplitReader> {
  const position = from as FilePosition | undefined;
  const file = inputFile(await folderOf(settings.path), of.name);
  const handle = await openRegular(file, position !== undefined);
  try {
    if (position !== undefined) await checkFile(handle, file, position, settings.perFile === 'lines');
    return await readerOf(settings, handle, of, position, records, context);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readerOf(
  settings: FileSettings,
  handle: FileHandle,
  of: SplitFile,
  position: FilePosition | undefined,
  records: number,
  context: SourceContext,
): Promise<SplitReader> {
  const { format, rate } = settings;
  const { split, name, share } = of;
  const header = await headerOf(handle, format, name);
  const from = position ?? header;
  const known = {
    head: position?.head ?? (await headOf(handle)),
    ...(share === null ? {} : { size: position?.size ?? (await handle.stat()).size }),
  };
  const cut = cutting(settings, of, from.offset, from.count);
  const chunks = new ChunkReader(handle, from.offset, cut.splitter instanceof BlockLines ? cut.splitter : null);
  const atEnd = share === null ? {} : { atEnd: () => warnIfGrown(handle, name, known.size!, context) };
  const { decode } = header;
  return new FileReader({ chunks, split, name, format, decode, known, records, rate, recordBytesMax, context, ...cut, ...atEnd });
}

/** How the records are cut out of the file, and how one is named. */
function cutting(
  { perFile }: FileSettings,
  { name, share }: SplitFile,
  offset: number,
  count: number,
): Pick<FileReaderOptions, 'splitter' | 'place'> {
  if (perFile === 'array')
    return { splitter: new ArraySplitter(offset, count, recordBytesMax, name), place: (n) => `${name}[${n - 1}]` };
  if (share === null) return { splitter: new LineSplitter(offset, count, recordBytesMax), place: (n) => `${name}:${n}` };
  // Which line of the file it is nobody knows who has not read the other blocks.
  const splitter = new BlockLines(offset, count, recordBytesMax, share);
  return { splitter, place: () => `${name}@${splitter.began}` };
}

async function openRegular(file: string, known: boolean): Promise<FileHandle> {
  const lost = (error: NodeJS.ErrnoException): never => {
    if (error.code === 'ENOENT' && known) throw changed(file, 'it is gone');
    throw unreadable(error, file);
  };
  // Asked before it is opened: to open a pipe waits for its writer.
  const found = await stat(file).catch(lost);
  if (found.isFile()) return open(file, 'r').catch(lost);
  throw new WeirError('E_SOURCE', `${file} is not a file`, {
    retry: 'never',
    hint: 'pipes and devices cannot be read twice: copy them to a file, or send them over a socket',
  });
}
