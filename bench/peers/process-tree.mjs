// A program with all that it starts, in a process group of its own: what it says, the most memory it took, and its end.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const lookEveryMs = 100;
const looksLeast = 10;
/** What /proc counts in, on every Linux that Node runs on. */
const tickMs = 10;
const running = new Set();

process.on('exit', () => {
  for (const pid of running) endGroup(pid);
});

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

const ownFile = (pid, name) => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // it has ended, or this is no Linux
  }
};

/** Whoever is in the group, or descends from its first: what it starts may be in a group of its own. */
function membersOf(group) {
  const all = readdirSync('/proc').flatMap((pid) => {
    const stat = /^\d+$/.test(pid) ? ownFile(pid, 'stat') : '';
    if (stat === '') return [];
    const [, parent, itsGroup] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return [{ pid: Number(pid), parent, itsGroup }];
  });
  const members = new Set(all.filter(({ itsGroup }) => itsGroup === group).map(({ pid }) => pid));
  for (let before = -1; before < members.size; ) {
    before = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  return [...members];
}

/**
 * The most that each process of the group has had in memory so far, which the system itself keeps. One that is about to become another
 * program has all the memory of its parent for a moment: only who is seen several times counts.
 */
function lookAt(group, seen) {
  for (const pid of membersOf(group)) {
    const kilobytes = Number(/^VmHWM:\s+(\d+)/m.exec(ownFile(pid, 'status'))?.[1] ?? 0);
    const before = seen.get(pid) ?? { times: 0, peakBytes: 0 };
    seen.set(pid, { times: before.times + 1, peakBytes: Math.max(before.peakBytes, kilobytes * 1024) });
  }
}

function peakOf(group, seen) {
  let sum = 0;
  for (const [pid, { times, peakBytes }] of seen) if (times >= looksLeast || pid === group) sum += peakBytes;
  return sum === 0 ? undefined : sum;
}

/** CPU time of the whole machine since it was started; undefined where there is no /proc. */
function machineCpuMs() {
  const [user, nice, system, , , irq, softirq] = ownFile('.', 'stat').split('\n', 1)[0].split(/\s+/).slice(1).map(Number);
  return softirq === undefined ? undefined : (user + nice + system + irq + softirq) * tickMs;
}

/**
 * @returns {Promise<{ out: string, peakRssBytes?: number, machineCpuMs?: number, lifeMs: number }>} once it has exited with 0; a failure says what it said.
 *   The peak is the sum of those of all processes; `machineCpuMs` is what the whole machine worked meanwhile. Both need /proc
 */
export async function runTree(program, words, { env = {}, timeoutMs }) {
  const child = spawn(program, words, { env: { ...process.env, ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child.pid);
  const [begun, busy] = [performance.now(), machineCpuMs()];
  const seen = new Map();
  const look = process.platform === 'linux' ? setInterval(() => lookAt(child.pid, seen), lookEveryMs) : undefined;
  let tooLong = '';
  const timer = setTimeout(() => {
    tooLong = ` after more than ${timeoutMs} ms`;
    endGroup(child.pid);
  }, timeoutMs);
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-20_000);
  });
  try {
    const { code, signal } = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    if (code !== 0) throw new Error(`${program} ended with ${signal ?? code}${tooLong}:\n${said}${out}`);
  } finally {
    clearInterval(look);
    clearTimeout(timer);
    endGroup(child.pid);
    running.delete(child.pid);
  }
  const worked = busy === undefined ? undefined : machineCpuMs() - busy;
  return { out, peakRssBytes: peakOf(child.pid, seen), machineCpuMs: worked, lifeMs: performance.now() - begun };
}
