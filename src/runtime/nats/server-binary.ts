import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { WeirError } from '../../core/index.ts';

const hint = 'install nats-server (apt-get install nats-server), put an official release on PATH, or name one in NATS_SERVER_BIN';

/**
 * The nats-server of this machine: what NATS_SERVER_BIN names, else on PATH, else in /usr/sbin.
 *
 * @throws E_BROKER where there is none
 */
export function serverBinary(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment['NATS_SERVER_BIN'] ?? '';
  if (named !== '') {
    if (isProgram(named)) return resolve(named);
    throw missing(`NATS_SERVER_BIN names ${named}, which is no program`);
  }
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = [...folders, '/usr/sbin'].map((folder) => join(folder, 'nats-server')).find(isProgram);
  if (found === undefined) throw missing('there is no nats-server on this machine');
  return found;
}

/** @throws E_BROKER if it is none */
export function checkedBinary(path: string): string {
  if (!isProgram(path)) throw missing(`${path} is no program`);
  return resolve(path);
}

const missing = (message: string): WeirError => new WeirError('E_BROKER', message, { hint, retry: 'never' });

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // whatever the reason, it cannot be run
  }
}
