// Child processes that live simulated lives, one at a time each.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const lives = fileURLToPath(new URL('../../test/simulation/lives-child.ts', import.meta.url));
/** A life that is stuck is a finding, and no reason to wait for ever. */
const lifeMsMax = 120_000;
/** Each child has one core: a collector of garbage with threads of its own would take them from the other children. */
const engineFlags = ['--single-threaded-gc', '--max-semi-space-size=32'];

const alive = new Set();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export class Children {
  #program;
  #count;
  #environment;
  #children = new Set();

  /** @param program the child's module, if it is not this tree's */
  constructor({ count, program = lives, environment = {} }) {
    this.#count = count;
    this.#program = program;
    this.#environment = environment;
  }

  /**
   * Lives all of them, in order, as many at a time as there are children.
   *
   * @param ask what else the child is told, of each seed
   * @param each called with each outcome; true: enough
   */
  async live(seeds, { ask = () => ({}), each }) {
    const waiting = [...seeds];
    let enough = false;
    const one = async (child) => {
      for (let seed; !enough && (seed = waiting.shift()) !== undefined; )
        if (each(await child.life({ seed, ...ask(seed) })) === true) enough = true;
    };
    const count = Math.max(1, Math.min(this.#count, waiting.length));
    while (this.#children.size < count) this.#children.add(new Child(this.#program, this.#environment));
    await Promise.all([...this.#children].slice(0, count).map(one));
  }

  end() {
    for (const child of this.#children) child.kill();
    this.#children.clear();
  }

  /** They leave by themselves, and write down what they have counted. */
  async leave() {
    await Promise.all([...this.#children].map((child) => child.leave()));
    this.#children.clear();
  }
}

class Child {
  #program;
  #environment;
  #process = null;
  #said = '';

  constructor(program, environment) {
    this.#program = program;
    this.#environment = environment;
  }

  async life(asked) {
    this.#process ??= await this.#started();
    const child = this.#process;
    return new Promise((resolve) => {
      const end = (outcome) => {
        clearTimeout(timer);
        child.off('exit', ended);
        resolve(outcome);
      };
      const broken = (what) => {
        child.off('message', end);
        this.kill();
        end({ seed: asked.seed, violations: [what] });
      };
      const timer = setTimeout(() => broken(`the life was not over after ${lifeMsMax} ms`), lifeMsMax);
      const ended = (code, signal) =>
        broken(`its process ended with ${signal ?? code}: ${/\w*Error: .*/.exec(this.#said)?.[0] ?? this.#said}`);
      child.once('message', end);
      child.once('exit', ended);
      child.send(asked);
    });
  }

  kill() {
    this.#process?.kill('SIGKILL');
    this.#process = null;
  }

  leave() {
    const child = this.#process;
    if (child === null) return undefined;
    return new Promise((resolve) => {
      child.once('exit', resolve);
      child.disconnect();
    });
  }

  #started() {
    const environment = { ...process.env, ...this.#environment };
    const child = fork(this.#program, [], {
      execArgv: [...engineFlags, '--import', 'tsx'],
      env: environment,
      stdio: ['ignore', 2, 'pipe', 'ipc'],
    });
    alive.add(child);
    child.once('exit', () => alive.delete(child));
    this.#said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (this.#said = (this.#said + text).slice(-4000)));
    return new Promise((resolve, reject) => {
      const failed = (code) => reject(new Error(`the child process that lives them does not start: ${code}\n${this.#said}`));
      child.once('exit', failed);
      child.once('message', () => {
        child.off('exit', failed);
        resolve(child);
      });
    });
  }
}
