// Child processes that live simulated lives, one at a time each.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const lives = fileURLToPath(new URL('../../test/simulation/lives-child.ts', import.meta.url));
/** A life that is stuck is a finding, and no reason to wait for ever. */
const lifeMsMax = 120_000;

/**
 * @param program the child's module, if it is not this tree's
 * @param each called with each outcome; true: enough
 */
export async function liveAll(seeds, { processes, program = lives, env = {}, ask = {}, each }) {
  const waiting = [...seeds];
  let enough = false;
  const one = async () => {
    let child = start(program, env);
    try {
      for (let seed; !enough && (seed = waiting.shift()) !== undefined; ) {
        const outcome = await lifeOf(child, { seed, ...ask });
        if (outcome.over) child = start(program, env);
        if (each(outcome) === true) enough = true;
      }
    } finally {
      child.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(processes, waiting.length)) }, one));
}

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function start(program, env) {
  const child = fork(program, [], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, ...env },
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function lifeOf(child, asked) {
  return new Promise((resolve) => {
    const end = (outcome) => {
      clearTimeout(timer);
      child.off('message', heard);
      child.off('exit', ended);
      resolve(outcome);
    };
    const broken = (what) => end({ seed: asked.seed, violations: [what], over: true });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      broken(`the life was not over after ${lifeMsMax} ms`);
    }, lifeMsMax);
    const ended = (code, signal) => broken(`its process ended with ${signal ?? code}`);
    const heard = (message) => (message === 'ready' ? child.send(asked) : end(message));
    child.on('message', heard);
    child.once('exit', ended);
    if (child.isReady) child.send(asked);
    child.isReady = true;
  });
}
