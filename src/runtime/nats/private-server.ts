/**
 * A nats-server of our own: a child process that listens on this machine only.
 *
 * Owns: the process, and a directory with its streams, its log and its settings. The directory stays, so that a server
 * started later on it, and on the same port, goes on as the same server.
 * Does not own: connections to it; a server that somebody else runs.
 * Invariants: NS1 it never outlives this process; NS2 none is started on a directory that another still runs on; NS3 one that
 * is killed and started again has everything that it acknowledged.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { WeirError } from '../../core/index.ts';
import { checkedBinary, serverBinary } from './server-binary.ts';
import { type ServerGreeting, serverGreeting } from './server-greeting.ts';
import { serverPort, serversOn } from './server-ports.ts';
import { type ChildEnd, spawnTied, type TiedChild } from './tied-child.ts';

const startMsMax = 15_000;
const stopMsMax = 10_000;
/** How long a server that was killed may take to be gone. */
const predecessorMsMax = 1_000;
const pollMs = 5;
const logBytesMax = 16 * 1024 * 1024;

export interface PrivateServerOptions {
  /** For its streams, its log and its settings; made if it is not there. */
  readonly directory: string;
  /** The port of an earlier server, to be found where that one was; without it, a free one. */
  readonly port?: number;
  /** The program; without it NATS_SERVER_BIN, PATH, /usr/sbin. */
  readonly binary?: string;
  /** Words before those of the program, which become it. */
  readonly within?: readonly string[];
  /** Further settings, in the server's own language. */
  readonly config?: string;
  /** Every write reaches the disk before it is acknowledged, where the server can (from 2.10): `syncsAlways` says whether. */
  readonly syncAlways?: boolean;
}

export interface PrivateServer extends AsyncDisposable {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** `2.10.27` */
  readonly version: string;
  /** Whether what it acknowledged survives a power cut too. */
  readonly syncsAlways: boolean;
  /** How it ended, whoever ended it. */
  readonly ended: Promise<ChildEnd>;
  /** As an operator would: it closes its streams. Killed if it takes too long. */
  stop(): Promise<void>;
  /** At once, with nothing said to anybody. */
  kill(): Promise<void>;
}

/**
 * Starts one, and resolves once it takes connections.
 *
 * @throws E_BROKER if there is no nats-server, or it does not start; E_RUNNING if one runs on that directory
 */
export async function startPrivateServer(options: PrivateServerOptions): Promise<PrivateServer> {
  const binary = options.binary === undefined ? serverBinary(process.env) : checkedBinary(options.binary);
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  await awaitPredecessors(directory);
  const syncsAlways = options.syncAlways === true && (await canSyncAlways(binary));
  const words = [...(options.within ?? []), binary, ...(await serverArguments(directory, options, syncsAlways))];
  const child = await spawnTied(words[0]!, words.slice(1));
  try {
    const { port, version } = await ready(child, directory);
    return running(child, port, version, syncsAlways);
  } catch (error) {
    child.signal('SIGKILL');
    await child.ended;
    throw WeirError.from(error, 'E_BROKER', 'nats-server did not start');
  }
}

function running(child: TiedChild, port: number, version: string, syncsAlways: boolean): PrivateServer {
  const stop = async (): Promise<void> => {
    child.signal('SIGTERM');
    const timer = setTimeout(() => child.signal('SIGKILL'), stopMsMax);
    await child.ended;
    clearTimeout(timer);
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    version,
    syncsAlways,
    ended: child.ended,
    stop,
    async kill() {
      child.signal('SIGKILL');
      await child.ended;
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function serverArguments(directory: string, options: PrivateServerOptions, syncsAlways: boolean): Promise<string[]> {
  const settings = [syncsAlways ? 'jetstream { sync_interval: always }' : '', options.config ?? ''].join('\n').trim();
  const file = join(directory, 'nats-server.conf');
  if (settings !== '') await writeFile(file, `${settings}\n`);
  return [
    ...(settings === '' ? [] : ['-c', file]),
    ...['-a', '127.0.0.1', '-p', String(options.port ?? -1), '--ports_file_dir', directory],
    ...['-js', '-sd', directory],
    ...['-l', join(directory, 'nats-server.log'), '--log_size_limit', String(logBytesMax)],
  ];
}

async function canSyncAlways(binary: string): Promise<boolean> {
  const { stdout } = await promisify(execFile)(binary, ['--version']);
  const [, major, minor] = /(\d+)\.(\d+)\./.exec(stdout) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 10);
}

async function awaitPredecessors(directory: string): Promise<void> {
  let pids = await serversOn(directory);
  for (let waitedMs = 0; pids.length > 0; waitedMs += pollMs) {
    if (waitedMs >= predecessorMsMax) throw new WeirError('E_RUNNING', `nats-server ${pids.join(', ')} runs on ${directory}`);
    await pause(pollMs);
    pids = await serversOn(directory);
  }
}

async function ready(child: TiedChild, directory: string): Promise<ServerGreeting & { port: number }> {
  let end: ChildEnd | undefined;
  void child.ended.then((its) => (end = its));
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += pollMs) {
    if (end !== undefined) throw new Error(`it ended with ${end.signal ?? end.code}: ${await lastWords(child, directory)}`);
    const port = await serverPort(directory, child.pid);
    if (port !== undefined) return { port, ...(await serverGreeting(port, startMsMax)) };
    await pause(pollMs);
  }
  throw new Error(`it did not listen within ${startMsMax} ms: ${await lastWords(child, directory)}`);
}

/** What it wrote before it had a log, else the last line of that. */
async function lastWords(child: TiedChild, directory: string): Promise<string> {
  const log = await readFile(join(directory, 'nats-server.log'), 'utf8').catch(() => '');
  return child.said().trim() || (log.trimEnd().split('\n').at(-1) ?? '');
}
