import { extname, normalize } from 'node:path';
import { asSink, type Format, type Sink } from '../../api/index.ts';
import { WeirError } from '../../core/index.ts';
import type { SinkDefinition } from '../../operators/index.ts';
import { json, lineFormat } from '../formats/index.ts';
import { openEagerFile } from './eager-file.ts';
import { openPartFiles } from './part-files-sink.ts';
import { openSingleFile } from './single-file-sink.ts';

export interface FileSinkOptions<Row> {
  /** With an extension: one file. Without: a folder of files. */
  readonly path: string;
  /** One row a line (json()). */
  readonly format?: Format<Row>;
}

/**
 * Files of rows, exactly once: what a checkpoint does not hold is never in them.
 *
 * A path with an extension is one file that grows by whole epochs; at every instant it is the begin of what it will be.
 * A path without is a folder of `part-<subtask>-<number>` files, one per subtask and epoch, renamed into place. When a
 * job starts without a checkpoint, the file, or the parts in the folder, are emptied. Only the job may write them: a change
 * by someone else ends it with `E_SINK_CHANGED`. Folders that are missing are made.
 *
 * @throws WeirError `E_PLAN` for a path or a format that cannot be written
 */
export function fileSink<Row extends object>(options: FileSinkOptions<Row>): Sink<Row, 'append'> {
  if (typeof options.path !== 'string' || options.path === '') throw new WeirError('E_PLAN', 'file.sink() needs a path');
  const path = normalize(options.path);
  const format = lineFormat((options.format ?? json<Row>()) as unknown as Format<never>, `file.sink('${path}')`);
  const single = !path.endsWith('/') && extname(path) !== '';
  const definition: SinkDefinition = {
    type: 'sink',
    name: `file ${path}`,
    guarantee: 'exactly-once',
    modes: ['append'],
    single,
    identity: `${single ? 'file' : 'folder'} ${path}, ${format.name}`,
    open(context, state) {
      if (single && context.sabotage === 'files-before-manifest') return openEagerFile(path, format, context);
      return (single ? openSingleFile : openPartFiles)(path, format, context, state);
    },
  };
  return asSink<Row, 'append'>(definition);
}
