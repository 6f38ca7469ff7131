/**
 * The command line: `weir run`, `coordinator`, `worker`, `status`, `why`, `stop`, `savepoint`, `plan`, `simulate`, `chaos` and `permissions`.
 *
 * Owns: what each verb does, and the exit code (that of the error's code; 0 otherwise). What stands behind `--` is the
 * job's, and never seen by the flags' parser.
 */
import { CommanderError } from 'commander';
import { type Clock, type Logger, WeirError } from '../core/index.ts';
import { NeverLed, realClock } from '../runtime/index.ts';
import { chaosCommand } from './chaos-command.ts';
import { commands } from './commands.ts';
import { errorReport } from './error-report.ts';
import { jobPipeline } from './job-pipeline.ts';
import { loadJob } from './load-job.ts';
import { createLogger, type LogLevel } from './logs.ts';
import { type OperatorSurroundings, savepointCommand, statusCommand, stopCommand, whyCommand } from './operator-commands.ts';
import { CommandParams } from './params.ts';
import { permissionsCommand } from './permissions-command.ts';
import { listParams, runCommand, type RunEnvironment, wantsHelp } from './run-command.ts';
import type { RunSettings } from './run-settings.ts';
import { listenForShutdown, type Shutdown } from './shutdown.ts';
import { simulateFile } from './simulate-file.ts';
import { startChosen } from './start-chosen.ts';
import { createTerminal, outliveReaders, type Terminal } from './terminal.ts';
import { chooseTransport } from './transport-choice.ts';
import { workerCommand, type WorkerSettings } from './worker-command.ts';

export interface MainOptions {
  /** One signal may arrive twice, as under npm. */
  readonly signalsEchoed?: boolean;
}

/** Runs one command and gives the exit code of the process. */
export async function main(words: readonly string[], options: MainOptions = {}): Promise<number> {
  outliveReaders(process.stdout, process.stderr);
  const terminal = createTerminal(process.stdout, process.stderr, process.env);
  const at = words.indexOf('--');
  const own = at < 0 ? words : words.slice(0, at);
  const params = at < 0 ? [] : words.slice(at + 1);
  try {
    return await parse(own, params, terminal, options);
  } catch (error) {
    const reported = error instanceof WeirError ? error : WeirError.from(error, 'E_INTERNAL');
    terminal.note(errorReport(reported));
    return reported.exitCode;
  }
}

async function parse(
  own: readonly string[],
  params: readonly string[],
  terminal: Terminal,
  options: MainOptions,
): Promise<number> {
  let code = 0;
  const asking: OperatorSurroundings = { terminal, clock: realClock, logger: createLogger('error'), environment: process.env };
  const program = commands({
    run: async (settings) => {
      code = await run(settings, params, terminal, options);
    },
    coordinator: async (settings) => {
      code = await run({ ...settings, workers: 0 }, params, terminal, options);
    },
    worker: async (settings) => {
      code = await work(settings, params, terminal, options);
    },
    status: (job, settings) => statusCommand(job, settings, asking),
    why: (job, settings) => whyCommand(job, settings, asking),
    stop: (job, settings) => stopCommand(job, settings, asking),
    savepoint: (job, directory, settings) => savepointCommand(job, directory, settings, asking),
    plan: async (module) => plan(module, params, terminal),
    chaos: async (module, settings) => {
      code = await chaosCommand(module, settings, params, { terminal, clock: realClock, environment: process.env });
    },
    simulate: (file, { seed }) => simulateFile(file, seed),
    permissions: async (module, settings) => terminal.line(await permissionsCommand(module, settings, params)),
  });
  try {
    await program.parseAsync(own, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.help') return 2; // no command at all: it has shown what there is
    if (error.exitCode !== 0) throw new WeirError('E_USAGE', usageMessage(error.message), usageHint(own));
  }
  return code;
}

/** commander's own words, without its prefix and on one line. */
const usageMessage = (text: string): string => text.replace(/^error: /, '').replaceAll('\n', ' ');

/** Words like `key=value` belong behind `--`. */
function usageHint(own: readonly string[]): { readonly hint?: string } {
  const word = own.slice(2).find((each) => /^[A-Za-z]\w*=/.test(each));
  return word === undefined ? {} : { hint: `the parameters of the job stand behind --: weir ${own[0]} ${own[1]} -- ${word}` };
}

async function run(settings: RunSettings, params: readonly string[], terminal: Terminal, options: MainOptions): Promise<number> {
  const ended = new AbortController();
  return attended(settings.logLevel, options, async ({ shutdown, clock, logger }) => {
    void shutdown.requested.then((signal) => ended.abort(new NeverLed(`${signal}: ended before it led the job`)));
    const choice = await chooseTransport({
      transport: settings.transport ?? 'auto',
      ...(settings.workers === undefined ? {} : { workers: settings.workers }),
      flags: settings.flags ?? {},
      environment: process.env,
    });
    terminal.note(choice.line);
    const { module } = settings;
    const program = [...process.execArgv, process.argv[1]!];
    const start: RunEnvironment['start'] = (job, engine) =>
      startChosen(job, engine, {
        choice,
        module,
        program,
        environment: process.env,
        say: (line) => terminal.note(line),
        signal: ended.signal,
      });
    try {
      return await runCommand(settings, params, { start, terminal, clock, logger, shutdown });
    } catch (error) {
      if (!(error instanceof NeverLed)) throw error;
      terminal.note(error.message);
      return 0;
    }
  });
}

async function work(
  settings: WorkerSettings & Pick<RunSettings, 'logLevel'>,
  params: readonly string[],
  terminal: Terminal,
  options: MainOptions,
): Promise<number> {
  if (params.length > 0)
    throw new WeirError('E_USAGE', 'a worker takes no parameters: they come from its coordinator', {
      hint: 'leave out what stands behind --',
    });
  return attended(settings.logLevel, options, ({ shutdown, logger }) =>
    workerCommand(settings, { terminal, logger, shutdown, environment: process.env }),
  );
}

interface Attendance {
  readonly shutdown: Shutdown;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** While signals are listened to. */
async function attended(
  logLevel: LogLevel | undefined,
  { signalsEchoed = false }: MainOptions,
  call: (attendance: Attendance) => Promise<number>,
): Promise<number> {
  const clock: Clock = realClock;
  const level: LogLevel = logLevel ?? (process.stderr.isTTY ? 'warn' : 'info');
  const exit = (code: number): never => process.exit(code);
  const shutdown = listenForShutdown({ signals: process, clock, echoed: signalsEchoed, exit });
  try {
    return await call({ shutdown, clock, logger: createLogger(level) });
  } finally {
    shutdown.ignore();
  }
}

async function plan(name: string, words: readonly string[], terminal: Terminal): Promise<void> {
  const module = await loadJob(name);
  if (wantsHelp(words)) return terminal.line(await listParams(module));
  const params = new CommandParams(words);
  const pipeline = await jobPipeline(module, params);
  params.refuseUnasked();
  terminal.line(pipeline.plan());
}
