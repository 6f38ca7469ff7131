import { fileSink } from './file-sink.ts';
import { fileSource } from './file-source.ts';

export type { FileSinkOptions } from './file-sink.ts';
export type { FileSourceOptions } from './file-source.ts';

/** Files in and out. */
export const file: {
  readonly source: typeof fileSource;
  readonly sink: typeof fileSink;
} = { source: fileSource, sink: fileSink };
