/**
 * The verbs of the command line, their flags and their help.
 *
 * Owns: what can be said. Does not own: what is done (cli.ts).
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { nearestName } from '../api/index.ts';
import { sabotages } from '../core/index.ts';
import { roles } from '../runtime/index.ts';
import { chaosFlags, type ChaosSettings } from './chaos-command.ts';
import { connecting } from './connecting.ts';
import { logLevels } from './logs.ts';
import { type OperatorVerbs, operatorVerbs } from './operator-verbs.ts';
import type { PermissionsSettings } from './permissions-command.ts';
import {
  directory,
  intervalMs,
  jobName,
  mebibytes,
  parallelism,
  port,
  type RunSettings,
  timeoutSeconds,
  trigger,
  workers,
} from './run-settings.ts';
import { version } from './version.ts';
import type { WorkerSettings } from './worker-command.ts';

export interface Verbs extends OperatorVerbs {
  readonly run: (settings: RunSettings) => Promise<void>;
  readonly coordinator: (settings: RunSettings) => Promise<void>;
  readonly worker: (settings: WorkerSettings & Pick<RunSettings, 'logLevel'>) => Promise<void>;
  readonly plan: (module: string) => Promise<void>;
  readonly chaos: (module: string, settings: ChaosSettings) => Promise<void>;
  readonly simulate: (file: string, settings: { readonly seed?: number }) => Promise<void>;
  readonly permissions: (module: string, settings: PermissionsSettings) => Promise<void>;
}

const jobHelp = `
The module's default export is a pipeline, or a function (params) => pipeline, which may be async. The words after -- are
its parameters: weir run job.ts -- rate=1000; weir run job.ts -- --help lists them. A module may also export
'finished', a function (status, params): it is called once after the job has finished (not after a stop), before the report,
which is the last line on stdout.

Exit codes: 0 finished, stopped or already finished; 1 job failed; 2 usage or configuration; 3 broker unreachable;
4 state incompatible or damaged; 5 this job is already running. SIGTERM and SIGINT stop with a final checkpoint.`;

const workerHelp = `
A worker needs the module alone: the parameters of the job come from its coordinator. It ends with the job (0), or when no
coordinator has been heard for 5 s.`;

export function commands(verbs: Verbs): Command {
  const program = new Command('weir')
    .description('Runs stream processing jobs that go on exactly where they were, whatever happens to them.')
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const run = jobFlags(program.command('run').description('run the job that a module exports'))
    .addOption(
      new Option('--transport <kind>', 'how its parts talk: auto, memory, threads, spawn or nats://…')
        .default('auto')
        .argParser(transport),
    )
    .addOption(copies())
    .addOption(copiesInMemory())
    .option('--workers <n>', 'processes beside this one, or threads of it, which are replaced when they die', workers);
  connecting(run, ([module], settings) => verbs.run({ ...(settings as unknown as RunSettings), module: module! }));
  const coordinator = jobFlags(program.command('coordinator').description('lead a job whose workers are started elsewhere'));
  connecting(coordinator, ([module], settings) =>
    verbs.coordinator({ ...(settings as unknown as RunSettings), module: module!, transport: 'nats' }),
  );
  const worker = program
    .command('worker')
    .description('join the job of a coordinator elsewhere')
    .argument('<module>', 'a .ts or .js file: the same as the coordinator has')
    .option('--job <name>', 'which job of the module, where several are led', jobName)
    .addOption(copies())
    .addOption(copiesInMemory())
    .option('--slots <n>', 'subtasks of one stage that it takes', parallelism, 1)
    .addOption(logLevel())
    .addOption(breaking())
    .addHelpText('after', workerHelp);
  connecting(worker, ([module], settings) => verbs.worker({ ...(settings as unknown as WorkerSettings), module: module! }));
  operatorVerbs(program, verbs);
  program
    .command('plan')
    .description('print the plan of a job: operators, stages, edges, guarantees, warnings')
    .argument('<module>', 'a .ts or .js file')
    .usage('<module> [-- key=value …]')
    .action(verbs.plan);
  program
    .command('simulate')
    .description('run a file that calls simulate() of weir/testing, all its lives or one of them')
    .argument('<file>', 'TypeScript or JavaScript')
    .option('--seed <number>', 'live this life only', wholeSeed)
    .action(verbs.simulate);
  chaosFlags(program.command('chaos')).action(verbs.chaos);
  permissions(program).action(verbs.permissions);
  return program;
}

function permissions(program: Command): Command {
  return program
    .command('permissions')
    .description("print what the users of a job's processes must be allowed on a NATS server")
    .argument('<module>', 'a .ts or .js file')
    .option('--job <name>', "instead of the pipeline's name", jobName)
    .addOption(new Option('--role <role>', 'of this role alone').choices([...roles]))
    .addOption(new Option('--format <format>', 'a block of a configuration, or data').choices(['conf', 'json']).default('conf'))
    .option('--publish <subject...>', 'what sinks publish on whose subjects are chosen by the row')
    .option('--js-domain <name>', 'the JetStream domain')
    .usage('<module> [options] [-- key=value …]');
}

function jobFlags(command: Command): Command {
  return command
    .argument('<module>', 'a .ts or .js file')
    .option('--job <name>', "instead of the pipeline's name", jobName)
    .option('--parallelism <n>', 'subtasks a stage', parallelism)
    .option('--state-dir <directory>', "where checkpoints live, in a folder of the job's name", directory, '.weir')
    .option('--checkpoint-interval <ms>', 'time between checkpoints', intervalMs)
    .option(
      '--trigger <when>',
      "available-now: read what is there and end; once: in one epoch; 'every 5 seconds': results once in that time (continuous)",
      trigger,
    )
    .option('--fresh', 'forget the state of an earlier run and start anew', false)
    .option(
      '--snapshots <directory>',
      'on NATS: keep snapshots there, on a disk that all machines share, instead of in NATS',
      directory,
    )
    .option('--from-savepoint <directory>', 'a job without state goes on from there')
    .option('--http <port>', 'serve health, metrics and status on 127.0.0.1; 0 = any free port', port)
    .option('--shutdown-timeout <s>', 'how long a stop may take', timeoutSeconds, 25)
    .addOption(logLevel())
    .addOption(breaking())
    .addOption(new Option('--abort-every <n>', 'tests only: give up every n-th epoch').argParser(parallelism).hideHelp())
    .usage('<module> [options] [-- key=value …]')
    .addHelpText('after', jobHelp);
}

const logLevel = (): Option =>
  new Option('--log-level <level>', 'of the log on stderr (warn on a terminal, info elsewhere)')
    .choices(logLevels)
    .env('WEIR_LOG_LEVEL');

const copies = (): Option =>
  new Option(
    '--cache <directory>',
    "workers keep copies of snapshots there, on this machine's disk, to read them again",
  ).argParser(directory);

const copiesInMemory = (): Option =>
  new Option('--cache-memory <MiB>', 'copies of snapshots in the memory of each worker, beside those of --cache (128)').argParser(
    mebibytes,
  );

export const breaking = (): Option =>
  new Option('--break <name>', 'tests only: break the engine on purpose').choices(Object.keys(sabotages)).hideHelp();

const transports = ['auto', 'memory', 'threads', 'spawn'];

function transport(text: string): string {
  if (transports.includes(text) || /^(nats|tls):\/\/./.test(text)) return text;
  const meant = nearestName(text, transports);
  throw new InvalidArgumentError(
    meant === undefined ? 'There are auto, memory, threads, spawn and nats://….' : `Did you mean ${meant}?`,
  );
}

function wholeSeed(word: string): number {
  const seed = Number(word);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new InvalidArgumentError(`it is '${word}', and must be a whole number from 0`);
}
