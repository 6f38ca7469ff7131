/**
 * The worker processes of a job that `weir run` started: children that are replaced when they die.
 *
 * They are in process groups of their own, so that Ctrl-C reaches the coordinator alone, which stops the job and lets them go; orphans
 * end by themselves.
 */
import { spawn } from 'node:child_process';
import type { Clock, Logger } from '../core/index.ts';
import { Crew, type Hand } from '../runtime/index.ts';

export interface WorkerCommand {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}
interface End {
  readonly code: number | null;
  readonly signal: string | null;
}
interface WorkerProcess extends Hand {
  readonly pid: number | undefined;
  end: End;
}

/** @param ended called for each that has ended */
export function startWorkerProcesses(
  count: number,
  command: WorkerCommand,
  clock: Clock,
  logger: Logger,
  ended: (pid: number) => void,
): Crew<WorkerProcess> {
  return new Crew<WorkerProcess>({
    count,
    clock,
    start: () => startOne(command, logger, ended),
    replaced: ({ pid, end }) => logger.warn({ pid, ...end }, 'a worker process ended, and is replaced'),
  });
}

function startOne({ words, environment }: WorkerCommand, logger: Logger, ended: (pid: number) => void): WorkerProcess {
  const child = spawn(process.execPath, [...words], {
    env: { ...environment } as Record<string, string>,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const { pid } = child;
  logger.info({ pid }, 'a worker process was started');
  child.on('error', (error) => logger.error({ err: error.message }, 'a worker process cannot be started'));
  const one: WorkerProcess = {
    pid,
    end: { code: null, signal: null },
    ended: new Promise<void>((resolve) =>
      child.once('exit', (code, signal) => {
        one.end = { code, signal };
        if (pid !== undefined) ended(pid);
        resolve();
      }),
    ),
    hasLeft: () => one.end.code === 0,
    kill: () => void child.kill('SIGKILL'),
  };
  return one;
}
