import { hostname } from 'node:os';

/** What a worker process of this machine is called. */
export function workerName(pid: number): string {
  return `${hostname().replaceAll(/[^A-Za-z0-9_-]/g, '-')}-${pid}`;
}
