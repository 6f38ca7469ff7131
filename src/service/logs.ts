import { type DestinationStream, destination, pino } from 'pino';
import type { Logger } from '../core/index.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What waits while stderr cannot be written; what comes after that is dropped. */
const waitingBytesMax = 1 << 20;

/** At once, so that the last line before a crash is there. A disk that is full does not end the job. */
function stderrLog(): DestinationStream {
  return destination({ fd: 2, sync: true, maxLength: waitingBytesMax }).on('error', () => {});
}

/** JSON lines on stderr: stdout stays the job's. */
export function createLogger(level: LogLevel, to: DestinationStream = stderrLog()): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    to,
  );
}
