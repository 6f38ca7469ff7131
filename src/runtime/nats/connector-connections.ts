/**
 * The connections of sources and sinks, opened as the `nats` command would: what they say themselves before flags, environment
 * and contexts, and where nothing names a server the one on this machine.
 */
import { type NatsAccess, type NatsOptions, provideNats } from '../../connectors/index.ts';
import type { Logger } from '../../core/index.ts';
import { realClock } from '../real-clock.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import { connectionOptions } from './connection-options.ts';
import type { Environment } from './context-file.ts';
import { openConnection } from './open-connection.ts';

const localServer = 'nats://127.0.0.1:4222';

/** For the whole process, from now on. */
export function connectConnectors(flags: ConnectionFlags, environment: Environment, logger: Logger): void {
  provideNats((options) => opened({ ...flags, ...said(options) }, environment, logger));
}

function said({ servers = [], credentials }: NatsOptions): ConnectionFlags {
  const urls = [servers].flat();
  return { ...(urls.length === 0 ? {} : { nats: urls.join(',') }), ...(credentials === undefined ? {} : { creds: credentials }) };
}

async function opened(flags: ConnectionFlags, environment: Environment, logger: Logger): Promise<NatsAccess> {
  const options =
    (await connectionOptions(flags, environment)) ?? (await connectionOptions({ ...flags, nats: localServer }, environment))!;
  const { nats } = await openConnection(options, realClock, logger, 'weir sources and sinks');
  const { jetStream, inboxPrefix } = options;
  return { connection: nats, jetstream: jetStream, ...(inboxPrefix === undefined ? {} : { inboxPrefix }) };
}
