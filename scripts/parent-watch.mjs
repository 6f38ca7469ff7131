// `npm start` is npm, perhaps a shell, and this process. Whoever kills npm means the job, and a kill -9 reaches only npm:
// so once one of those above us is gone, we go at once, as if it had been us.
import { readFileSync } from 'node:fs';

const pollMs = 100;
const shells = /^(ba|da|a|z|k|mk)?sh$/;

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

/** @param onOrphaned called right before the end; kills what we started ourselves */
export function dieWithNpm(onOrphaned) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const shell = ancestor(parent);
  const above = shell !== undefined && shells.test(shell.name) ? shell.parent : undefined;
  setInterval(() => {
    if (process.ppid === parent && (above === undefined || ancestor(parent)?.parent === above)) return;
    onOrphaned();
    process.kill(process.pid, 'SIGKILL');
  }, pollMs).unref();
}
