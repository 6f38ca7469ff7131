/**
 * How the parts of a job talk: what `--transport`, `--workers` and the environment come to, and the line that says so.
 *
 * Owns: the choice. A broker that merely runs here is never chosen: streams would be made in somebody's account.
 */
import { WeirError } from '../core/index.ts';
import { type ConnectionFlags, type ConnectionOptions, connectionOptions } from '../runtime/index.ts';

/** `flags`: of the connections of sources and sinks, too, wherever the parts of the job are. */
export type TransportChoice =
  | { readonly kind: 'memory'; readonly line: string; readonly flags: ConnectionFlags }
  /** This process alone, its workers threads of it. */
  | { readonly kind: 'threads'; readonly line: string; readonly workers: number; readonly flags: ConnectionFlags }
  /** A nats-server of the job's own. */
  | { readonly kind: 'spawn'; readonly line: string; readonly workers: number; readonly flags: ConnectionFlags }
  | {
      readonly kind: 'nats';
      readonly line: string;
      readonly workers: number;
      readonly connection: ConnectionOptions;
      readonly flags: ConnectionFlags;
    };

export interface TransportSettings {
  /** `auto`, `memory`, `threads`, `spawn`, `nats` for whatever the flags and the environment name, or a URL. */
  readonly transport: string;
  readonly workers?: number;
  readonly flags: ConnectionFlags;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const otherwise = 'choose otherwise with --transport memory|threads|spawn|nats://…';

/** @throws WeirError `E_USAGE` for settings that contradict each other */
export async function chooseTransport(settings: TransportSettings): Promise<TransportChoice> {
  const { transport, flags, environment } = settings;
  if (transport === 'nats') return onNats(settings, flags);
  if (transport.startsWith('nats://') || transport.startsWith('tls://')) return onNats(settings, { ...flags, nats: transport });
  if (transport === 'auto' && namesServer(flags, environment)) return onNats(settings, flags);
  if (!['auto', 'memory', 'threads', 'spawn'].includes(transport))
    throw new WeirError('E_USAGE', `there is no transport '${transport}'`, {
      hint: 'there are auto, memory, threads, spawn and nats://…',
    });
  if (transport === 'threads') {
    const count = settings.workers ?? 2;
    const line = `transport: memory, one process with ${count === 1 ? 'one worker thread' : `${count} worker threads`}; ${otherwise}`;
    return { kind: 'threads', workers: count, flags, line };
  }
  const workers = settings.workers ?? 1;
  if (transport === 'spawn' || (transport === 'auto' && workers > 1)) {
    const line = `transport: a private nats-server and ${counted(settings.workers ?? 2)}; ${otherwise}`;
    return { kind: 'spawn', workers: settings.workers ?? 2, flags, line };
  }
  if (workers > 1) {
    throw new WeirError('E_USAGE', `--transport memory is one process, and cannot have ${workers} workers`, {
      hint: 'leave --workers out, or choose --transport threads or spawn',
    });
  }
  return { kind: 'memory', flags, line: `transport: memory, one process; ${otherwise}` };
}

async function onNats({ workers = 1, environment }: TransportSettings, flags: ConnectionFlags): Promise<TransportChoice> {
  const connection = await connectionOptions(flags, environment);
  if (connection === undefined)
    throw new WeirError('E_USAGE', 'nothing names a NATS server', { hint: 'give --nats URL, or set NATS_URL' });
  const line = `transport: NATS at ${connection.servers.join(', ')} (${connection.from}) and ${counted(workers)}; ${otherwise}`;
  return { kind: 'nats', workers, connection, flags, line };
}

/** Said on purpose, not merely selected some day. */
function namesServer({ nats, server, context }: ConnectionFlags, environment: TransportSettings['environment']): boolean {
  return [nats, server, context, environment['NATS_URL'], environment['NATS_CONTEXT']].some(
    (name) => name !== undefined && name !== '',
  );
}

function counted(workers: number): string {
  if (workers === 0) return 'workers that are started elsewhere';
  return workers === 1 ? 'one worker process' : `${workers} worker processes`;
}
