import { expect, test } from 'vitest';
import { createLogger } from '../../src/service/logs.ts';

test('a log line is JSON with time, level, message and its fields; what is below the level is not written', () => {
  const written: string[] = [];
  const logger = createLogger('info', { write: (line) => void written.push(line) });
  logger.debug({ job: 'delays' }, 'not this');
  logger.warn({ job: 'delays', checkpoint: 3 }, 'slow');
  expect(written.map((line) => JSON.parse(line) as unknown)).toEqual([
    { level: 'warn', time: expect.stringMatching(/^\d{4}-.*Z$/), job: 'delays', checkpoint: 3, msg: 'slow' },
  ]);
});
