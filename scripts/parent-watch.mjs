// `npm start` is npm, perhaps a shell, and this process. Whoever kills npm means the job, and a kill -9 reaches only npm:
// so once npm is gone, we go at once, as if it had been us. A SIGTERM npm passes on, but only to its shell, which dies of
// it: a shell that is gone stands for that signal, and the job stops as it would have.
import { readFileSync } from 'node:fs';

const pollMs = 100;
const shells = /^(ba|da|a|z|k|mk)?sh$/;
const packageManager = /(^|[\0\s/])(npm|npx|yarn|pnpm|bun)/;

/** Parent and name of a process; undefined where there is no /proc. */
function ancestor(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    return { name: stat.slice(stat.indexOf('(') + 1, end), parent: Number(stat.slice(end + 2).split(' ')[1]) };
  } catch {
    return undefined;
  }
}

/** Whether this is not what started us, but what takes in processes whose parent is gone; in a container npm itself may be 1. */
function isReaper(pid) {
  if (pid !== 1 && ancestor(pid)?.name !== 'systemd') return false;
  try {
    return !packageManager.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return pid === 1;
  }
}

/** @param onOrphaned called right before the end, or the stop; kills what we started ourselves */
export function dieWithNpm(onOrphaned) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const shell = ancestor(parent);
  const above = shell !== undefined && shells.test(shell.name) ? shell.parent : undefined;
  const end = (signal) => {
    onOrphaned();
    process.kill(process.pid, signal);
  };
  if (isReaper(above ?? parent)) end('SIGKILL'); // npm was killed before this process was there to see it
  const watch = setInterval(() => {
    if (process.ppid !== parent) {
      clearInterval(watch);
      end(above === undefined ? 'SIGKILL' : 'SIGTERM');
    } else if (above !== undefined && ancestor(parent)?.parent !== above) end('SIGKILL');
  }, pollMs).unref();
}
