/**
 * Tests only (`--break files-before-manifest`): a file sink as it is often written, that appends rows as they come. After a
 * crash the rows since the last checkpoint are there twice.
 */
import { appendFileSync } from 'node:fs';
import type { Batch } from '../../batch/index.ts';
import type { SinkWriter } from '../../operators/index.ts';
import { type FormatDefinition, linesOf } from '../formats/index.ts';

export function eagerWriter(path: string, format: FormatDefinition): SinkWriter {
  return {
    write: (batch: Batch) => appendFileSync(path, linesOf(batch, format)),
    stage: () => undefined,
    commit: async () => {},
  };
}
