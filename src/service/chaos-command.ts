/** `weir chaos`: a job as processes of this machine, under faults, and its output checked. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { logicalJob } from '../api/index.ts';
import { type Ask, type ChaosFile, type ChaosReport, isGood, nemeses, nemesesNamed, runChaos } from '../chaos/index.ts';
import { type Clock, type SabotageName, sabotages, seededRandom, WeirError } from '../core/index.ts';
import { realRandom } from '../runtime/index.ts';
import { jobPipeline } from './job-pipeline.ts';
import { jobsOnNats } from './jobs-on-nats.ts';
import { describe, loadJob, loadModule } from './load-job.ts';
import { createLogger } from './logs.ts';
import { CommandParams } from './params.ts';
import { intervalMs as interval, parallelism, workers, within } from './run-settings.ts';
import type { Terminal } from './terminal.ts';

export interface ChaosSettings {
  readonly check: string;
  readonly minutes: number;
  /** Undefined: all. */
  readonly nemesis?: readonly string[];
  readonly seed?: number;
  readonly workers: number;
  readonly parallelism: number;
  readonly checkpointInterval?: number;
  readonly copies: boolean;
  readonly heap: number;
  readonly json: boolean;
  /** Tests only: see core/sabotage.ts. */
  readonly break?: SabotageName;
}
export interface ChaosSurroundings {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const seedsBelow = 2 ** 32;

const help = `
It starts a nats-server, two coordinators and the workers on this machine, lets faults hit them, and holds what came out against what
should have. The check file exports as its default a function that reads back the output: ({ nats, url, random, directory, params }) =>
({ lost, duplicated, reordered }). It may also export setup (makes the streams that the job needs), workload (the input, until its signal
aborts) and ready (resolves when faults may begin). The last line with --json is the result. Exit codes: 0 all is right, 1 it is not; the logs of the processes are then kept.

Nemeses:
${nemeses.map(({ name, what }) => `  ${name.padEnd(10)} ${what}`).join('\n')}`;

export function chaosFlags(command: Command): Command {
  return command
    .description('kill, pause and cut off the processes of a job, and check what comes out')
    .argument('<module>', 'a .ts or .js file: the job')
    .requiredOption('--check <file>', 'a .ts or .js file: its input, and how its output is checked')
    .option('--minutes <n>', 'how long faults hit', within('a number', 0.01, 10_000, false), 2)
    .option('--nemesis <names>', 'some of the nemeses below, separated by commas (all)', (text) => text.split(','))
    .option('--seed <number>', 'of the choice of faults (a random one)', within('a whole number', 0, seedsBelow - 1, true))
    .option('--workers <n>', 'worker processes; one more than the parallelism takes over at once', workers, 3)
    .option('--parallelism <n>', 'subtasks a stage', parallelism, 2)
    .option('--checkpoint-interval <ms>', "time between checkpoints (the job's own)", interval)
    .option('--no-copies', 'workers keep no copies of snapshots on their disks')
    .option('--heap <MiB>', 'memory that each process may take', within('a whole number', 64, 1 << 20, true), 1024)
    .option('--json', 'the result as one line', false)
    .addOption(new Option('--break <name>', 'tests only: break the engine on purpose').choices(Object.keys(sabotages)).hideHelp())
    .usage('<module> --check <file> [options] [-- key=value …]')
    .addHelpText('after', help);
}

/** @returns the exit code: 1 if anything is wrong with what came out, or the job did not go on */
export async function chaosCommand(
  module: string,
  settings: ChaosSettings,
  params: readonly string[],
  { terminal, clock, environment }: ChaosSurroundings,
): Promise<number> {
  const chosen = settings.nemesis === undefined ? nemeses : nemesesNamed(settings.nemesis);
  const pipeline = await jobPipeline(await loadJob(module), new CommandParams(params));
  const intervalMs = settings.checkpointInterval ?? logicalJob(pipeline).checkpointEveryMs;
  const file = await checkFile(settings.check);
  const seed = settings.seed ?? Math.floor(realRandom.next() * seedsBelow);
  // The server is our own: neither another's address nor its credentials are of use.
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('NATS_')));
  const directory = await mkdtemp(join(tmpdir(), 'weir-chaos-'));
  terminal.note(`${pipeline.name} under ${chosen.map(({ name }) => name).join(', ')} for ${settings.minutes} min, seed ${seed}`);
  let good = false;
  try {
    const report = await runChaos({
      module: resolve(module),
      program: [...process.execArgv, process.argv[1]!],
      params,
      workers: settings.workers,
      parallelism: settings.parallelism,
      intervalMs,
      copies: settings.copies,
      heapMb: settings.heap,
      ...(settings.break === undefined ? {} : { break: settings.break }),
      file,
      nemeses: chosen,
      minutes: settings.minutes,
      seed,
      directory,
      environment: own,
      clock,
      random: seededRandom(seed),
      ask: (url) => askFor(url, pipeline.name, clock, own),
      say: (line) => terminal.note(line),
    });
    good = isGood(report);
    sayReport(report, terminal);
    if (settings.json) terminal.line(JSON.stringify(resultOf(report, pipeline.name, seed, intervalMs)));
  } finally {
    for (const each of good ? [''] : ['nats', 'copies']) await rm(join(directory, each), { recursive: true, force: true });
    if (!good) terminal.note(`what the processes said is in ${directory}`);
  }
  return good ? 0 : 1;
}

async function checkFile(name: string): Promise<ChaosFile> {
  const { default: check, setup, ready, workload } = await loadModule(name);
  const hint = 'see `weir chaos --help`';
  if (typeof check !== 'function')
    throw new WeirError('E_MODULE', `${name} exports as its default ${describe(check)}, not a check`, { hint });
  const said = Object.entries({ setup, ready, workload }).filter(([, value]) => value !== undefined);
  for (const [what, value] of said)
    if (typeof value !== 'function')
      throw new WeirError('E_MODULE', `${name} exports '${what}' as ${describe(value)}, not as a function`, { hint });
  return { check, ...Object.fromEntries(said) } as ChaosFile;
}

/** As `weir status` does. */
async function askFor(
  url: string,
  job: string,
  clock: Clock,
  environment: ChaosSurroundings['environment'],
): Promise<Ask & AsyncDisposable> {
  const flags = { nats: url };
  const jobs = await jobsOnNats({ flags, environment, clock, logger: createLogger('silent'), slow: () => undefined });
  const ask: Ask = async () => (await jobs.status(job)).status;
  return Object.assign(ask, { [Symbol.asyncDispose]: () => jobs[Symbol.asyncDispose]() });
}

function sayReport({ findings, recoveries, ...report }: ChaosReport, terminal: Terminal): void {
  const hits = Object.values(report.faults).reduce((sum, n) => sum + n, 0);
  const of = (what: 'worker' | 'broker', words: string): string => {
    const found = recoveries.of(what);
    return found === null ? '' : `; results again ${words}: p50 ${found.p50} ms, p99 ${found.p99} ms, of ${found.n}`;
  };
  for (const [name, why] of Object.entries(report.skipped)) terminal.note(`skipped ${name}: ${why}`);
  terminal.note(
    `${hits} faults of ${Object.keys(report.faults).length} kinds, ${report.restores} restores${of('worker', 'after a worker is killed')}${of('broker', 'after the server is there again')}`,
  );
  terminal.note(
    `lost ${findings.lost}, duplicated ${findings.duplicated}, reordered ${findings.reordered}, written by zombies ${report.zombieWrites}${findings.rows === undefined ? '' : `, of ${findings.rows} rows`}`,
  );
  if (report.verdict !== undefined) terminal.note(report.verdict);
}

/** What scripts may rely on. */
function resultOf({ findings, recoveries, ...report }: ChaosReport, job: string, seed: number, intervalMs: number): object {
  return {
    workloads: [job],
    seed,
    kills: Object.entries(report.faults).reduce((sum, [kind, n]) => sum + (kind.startsWith('kill-') ? n : 0), 0),
    faults: report.faults,
    skipped: report.skipped,
    ...findings,
    zombieWrites: report.zombieWrites,
    restores: report.restores,
    stateBytes: report.stateBytes,
    intervalMs,
    recoveryMs: recoveries.of('worker'),
    brokerRecoveryMs: recoveries.of('broker'),
    recoveries: { worker: recoveries.all('worker'), broker: recoveries.all('broker') },
    server: report.server,
    ...(report.verdict === undefined ? {} : { verdict: report.verdict }),
  };
}
