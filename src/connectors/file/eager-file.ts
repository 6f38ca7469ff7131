import { appendFile } from 'node:fs/promises';
import type { SinkContext, SinkWriter } from '../../operators/index.ts';
import { type FormatDefinition, linesOf } from '../formats/index.ts';
import { CommittedFile } from './committed-file.ts';

/**
 * A file sink that is broken on purpose (core/sabotage.ts, `files-before-manifest`): it writes rows as they come, so that
 * those of an epoch that never was complete are there twice after a restore.
 */
export async function openEagerFile(path: string, format: FormatDefinition, { fresh }: SinkContext): Promise<SinkWriter> {
  if (fresh) await new CommittedFile(path).begin(true);
  return {
    write: (batch) => appendFile(path, linesOf(batch, format)),
    stage: () => undefined,
    commit: async () => {},
  };
}
