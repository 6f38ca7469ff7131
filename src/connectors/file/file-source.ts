/**
 * Files as a source: each file is one split, read from its begin to its end.
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
import { ArraySplitter, LineSplitter } from '../records/index.ts';
import { changed, checkFile, type FilePosition, headOf, readAt } from './file-position.ts';
import { FileReader } from './file-reader.ts';
import { folderOf, inputFile, inputFiles, unreadable } from './input-files.ts';
import { openWatched, type WatchedPosition } from './watched-files.ts';

/** A line or element beyond this is a dead record, of which the begin is kept. */
const recordBytesMax = 16 * 1024 * 1024;
const headerBytesMax = 1024 * 1024;

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
}

/**
 * Lines of files, or elements of JSON arrays in files. Blank lines count where the format says so. Line numbers, and
 * places in messages, count from 1; a last line needs no end. A file may grow between two runs of a job, but what was
 * read of it must stay: else the job ends with `E_SOURCE_CHANGED`.
 *
 * @throws WeirError `E_PLAN` for options that do not go together
 */
export function fileSource<Row extends object>(options: FileSourceOptions<Row>): Source<Row> {
  const { path, perFile = 'lines', rate = 0, watch = false } = options;
  const where = `file.source('${path}')`;
  const format = lineFormat(options.format as unknown as Format<never>, where);
  if (typeof path !== 'string' || path === '') throw new WeirError('E_PLAN', 'file.source() needs a path');
  if (!(rate >= 0) || rate === Number.POSITIVE_INFINITY)
    throw new WeirError('E_PLAN', `${where}: ${rate} is no rate`, { hint: 'give rows a second, or 0 for no limit' });
  if (perFile === 'array' && format.name !== 'json')
    throw new WeirError('E_PLAN', `${where}: perFile: 'array' reads json(), not ${format.name}()`);
  const settings = { path: normalize(path), format, perFile, rate };
  return asSource<Row>(watch ? watched(settings) : definition(settings));
}

/** Reads only some columns, where the format can. */
function projected(
  settings: FileSettings,
  make: (settings: FileSettings) => SourceDefinition,
): Pick<SourceDefinition, 'project'> {
  const { format } = settings;
  if (format.project === undefined) return {};
  return { project: (columns) => make({ ...settings, format: format.project!(columns) }) };
}

function definition(settings: FileSettings): SourceDefinition {
  const { path, format, perFile } = settings;
  return {
    type: 'source',
    name: `file ${path}`,
    guarantee: 'exactly-once',
    schema: format.schema,
    identity: `file ${path}, ${format.name}, ${perFile}`,
    bounded: true,
    splits: async () => (await inputFiles(path)).names,
    open: (split, from, records, context) => openFile(settings, { split, name: split }, from, records, context),
    ...projected(settings, definition),
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
    open: (split, from, records, context) =>
      openWatched(
        path,
        (name, position, before) => openFile(settings, { split, name }, position, before, context),
        from as WatchedPosition | undefined,
        records,
        context,
      ),
    ...projected(settings, watched),
  };
}

interface FileSettings {
  readonly path: string;
  readonly format: FormatDefinition;
  readonly perFile: 'lines' | 'array';
  readonly rate: number;
}

/** A file, and the split that its records are counted in. */
interface SplitFile {
  readonly split: string;
  readonly name: string;
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
  { split, name }: SplitFile,
  position: FilePosition | undefined,
  records: number,
  context: SourceContext,
): Promise<SplitReader> {
  const { format, rate } = settings;
  const array = settings.perFile === 'array';
  const header = await headerOf(handle, format, name);
  const { offset, count } = position ?? { offset: header.offset, count: header.count };
  const splitter = array
    ? new ArraySplitter(offset, count, recordBytesMax, name)
    : new LineSplitter(offset, count, recordBytesMax);
  const head = position?.head ?? (await headOf(handle));
  const place = (n: number): string => (array ? `${name}[${n - 1}]` : `${name}:${n}`);
  return new FileReader({
    handle,
    split,
    name,
    format,
    splitter,
    decode: header.decode,
    head,
    records,
    rate,
    recordBytesMax,
    place,
    context,
  });
}

interface Header {
  /** Where the first record begins, and the lines before it. */
  readonly offset: number;
  readonly count: number;
  readonly decode: (record: Uint8Array) => object;
}

/** What the file's first line says of the others, in formats that have one. @throws WeirError `E_SOURCE` if it cannot be used */
async function headerOf(handle: FileHandle, format: FormatDefinition, split: string): Promise<Header> {
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
