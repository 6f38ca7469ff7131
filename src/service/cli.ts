/**
 * The command line: `weir run` and `weir plan`.
 *
 * Owns: verbs, flags, their help, and the exit code (that of the error's code; 0 otherwise). What stands behind `--` is the
 * job's, and never seen by the flags' parser.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { nearestName } from '../api/index.ts';
import { type Clock, sabotages, WeirError } from '../core/index.ts';
import { startJob, realClock } from '../runtime/index.ts';
import { errorReport } from './error-report.ts';
import { jobPipeline } from './job-pipeline.ts';
import { loadJob } from './load-job.ts';
import { createLogger, type LogLevel, logLevels } from './logs.ts';
import { CommandParams } from './params.ts';
import { listParams, runCommand, wantsHelp } from './run-command.ts';
import { directory, intervalMs, jobName, parallelism, port, type RunSettings, timeoutSeconds } from './run-settings.ts';
import { listenForShutdown } from './shutdown.ts';
import { createTerminal, outliveReaders, type Terminal } from './terminal.ts';
import { version } from './version.ts';

export interface MainOptions {
  /** One signal may arrive twice, as under npm. */
  readonly signalsEchoed?: boolean;
}

const jobHelp = `
The module's default export is a pipeline, or a function (params) => pipeline, which may be async. The words after -- are
its parameters: weir run job.ts -- rate=1000; weir run job.ts -- --help lists them. A module may also export
'finished', a function (status, params): it is called once after the job has finished (not after a stop), before the report,
which is the last line on stdout.

Exit codes: 0 finished, stopped or already finished; 1 job failed; 2 usage or configuration; 3 broker unreachable;
4 state incompatible or damaged; 5 this job is already running. SIGTERM and SIGINT stop with a final checkpoint.`;

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
  const program = commands(
    async (settings) => {
      code = await run(settings, params, terminal, options);
    },
    async (module) => plan(module, params, terminal),
  );
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

function commands(onRun: (settings: RunSettings) => Promise<void>, onPlan: (module: string) => Promise<void>): Command {
  const program = new Command('weir')
    .description('Runs stream processing jobs that go on exactly where they were, whatever happens to them.')
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  program
    .command('run')
    .description('run the job that a module exports')
    .argument('<module>', 'a .ts or .js file')
    .option('--job <name>', "instead of the pipeline's name", jobName)
    .addOption(new Option('--transport <kind>', 'how subtasks talk: memory').default('memory').argParser(transport))
    .option('--parallelism <n>', 'subtasks a stage', parallelism)
    .option('--state-dir <directory>', "where checkpoints live, in a folder of the job's name", directory, '.weir')
    .option('--checkpoint-interval <ms>', 'time between checkpoints', intervalMs)
    .option('--fresh', 'forget the state of an earlier run and start anew', false)
    .option('--from-savepoint <directory>', 'a job without state goes on from there')
    .option('--http <port>', 'serve health, metrics and status on 127.0.0.1; 0 = any free port', port)
    .option('--shutdown-timeout <s>', 'how long a stop may take', timeoutSeconds, 25)
    .addOption(
      new Option('--log-level <level>', 'of the log on stderr (warn on a terminal, info elsewhere)')
        .choices(logLevels)
        .env('WEIR_LOG_LEVEL'),
    )
    .addOption(new Option('--break <name>', 'tests only: break the engine on purpose').choices(Object.keys(sabotages)).hideHelp())
    .addOption(new Option('--abort-every <n>', 'tests only: give up every n-th epoch').argParser(parallelism).hideHelp())
    .usage('<module> [options] [-- key=value …]')
    .addHelpText('after', jobHelp)
    .action(async (module: string, flags: Omit<RunSettings, 'module'>) => onRun({ ...flags, module }));
  program
    .command('plan')
    .description('print the plan of a job: operators, stages, edges, guarantees, warnings')
    .argument('<module>', 'a .ts or .js file')
    .usage('<module> [-- key=value …]')
    .action(onPlan);
  return program;
}

function transport(text: string): string {
  if (text === 'memory') return text;
  if (/^nats(:\/\/|$)/.test(text)) throw new InvalidArgumentError('NATS does not carry jobs yet: use memory, in one process.');
  const meant = nearestName(text, ['memory']);
  throw new InvalidArgumentError(meant === undefined ? 'There is memory.' : `Did you mean ${meant}?`);
}

async function run(settings: RunSettings, params: readonly string[], terminal: Terminal, options: MainOptions): Promise<number> {
  const clock: Clock = realClock;
  const level: LogLevel = settings.logLevel ?? (process.stderr.isTTY ? 'warn' : 'info');
  const exit = (code: number): never => process.exit(code);
  const shutdown = listenForShutdown({ signals: process, clock, echoed: options.signalsEchoed ?? false, exit });
  try {
    return await runCommand(settings, params, { start: startJob, terminal, clock, logger: createLogger(level), shutdown });
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
