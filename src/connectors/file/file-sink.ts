import { extname, normalize } from 'node:path';
import { asSink, type Format, type Sink } from '../../api/index.ts';
import { withOps } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';
import type { SinkDefinition, SinkWriter } from '../../operators/index.ts';
import { json, lineFormat } from '../formats/index.ts';
import { openEagerFile } from './eager-file.ts';
import { openPartFiles } from './part-files-sink.ts';
import { openSingleFile } from './single-file-sink.ts';

export interface FileSinkOptions<Row> {
  /** With an extension: one file. Without: a folder of files. */
  readonly path: string;
  /** One row a line (json()). */
  readonly format?: Format<Row>;
  /** A column that says what happens to a row. */
  readonly op?: string;
}

/**
 * Files of rows, exactly once: what a checkpoint does not hold is never in them.
 *
 * A path with an extension is one file that grows by whole epochs; at every instant it is the begin of what it will be.
 * A path without is a folder of `part-<subtask>-<number>` files, one per subtask and epoch, renamed into place. When a
 * job starts without a checkpoint, the file, or the parts in the folder, are emptied. Only the job may write them: a change
 * by someone else ends it with `E_SINK_CHANGED`. Folders that are missing are made.
 *
 * With `op` it takes results that change, in `update`: each epoch adds what has become of them. `op` names a column behind a row's own, which says what happens
 * to the row: `+I` and `+U` it takes the place of the last one of its key, `-U` and `-D` it is gone, until another of its key follows. Rows of a key are in order by the
 * numbers of their parts, and within a part by its lines; so where rows are spread over subtasks behind the result the plan is refused.
 *
 * @throws WeirError `E_PLAN` for a path or a format that cannot be written
 */
export function fileSink<Row extends object>(
  options: FileSinkOptions<Row> & { readonly op: string },
): Sink<Row, 'append' | 'update'>;
export function fileSink<Row extends object>(options: FileSinkOptions<Row>): Sink<Row, 'append'>;
export function fileSink<Row extends object>(options: FileSinkOptions<Row>): Sink<Row, 'append' | 'update'> {
  if (typeof options.path !== 'string' || options.path === '') throw new WeirError('E_PLAN', 'file.sink() needs a path');
  const path = normalize(options.path);
  const format = lineFormat((options.format ?? json<Row>()) as unknown as Format<never>, `file.sink('${path}')`);
  const { op } = options;
  if (op !== undefined && (typeof op !== 'string' || op === ''))
    throw new WeirError('E_PLAN', `file.sink('${path}'): \`op\` is the name of a column`);
  const single = !path.endsWith('/') && extname(path) !== '';
  const definition: SinkDefinition = {
    type: 'sink',
    name: `file ${path}`,
    guarantee: 'exactly-once',
    modes: op === undefined ? ['append'] : ['append', 'update'],
    ...(op === undefined ? {} : { op, takesBack: true }),
    single,
    identity: `${single ? 'file' : 'folder'} ${path}, ${format.name}${op === undefined ? '' : `, ${op}`}`,
    async open(context, state) {
      if (single && context.sabotage === 'files-before-manifest') return openEagerFile(path, format, context);
      const writer = await (single ? openSingleFile : openPartFiles)(path, format, context, state);
      return op === undefined ? writer : withOpColumn(writer, op);
    },
  };
  return asSink<Row, 'append' | 'update'>(definition);
}

function withOpColumn(writer: SinkWriter, op: string): SinkWriter {
  return {
    write: (batch) => writer.write(withOps(batch, op)),
    stage: (epoch, replaced) => writer.stage(epoch, replaced),
    commit: (permit, staged) => writer.commit(permit, staged),
    snapshot: () => writer.snapshot?.(),
  };
}
