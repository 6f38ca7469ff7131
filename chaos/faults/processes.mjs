// The processes of the faults: nats-server, and the coordinators and workers of a job. Each is started, killed and stopped by its id.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A nats-server that can be killed and started again, on its port and its files. */
export async function startNats(binary, folder, name) {
  const port = await freePort();
  let process;
  const start = () => {
    process = begin(name, binary, ['-js', '-sd', join(folder, name), '-a', '127.0.0.1', '-p', String(port)], folder, {});
  };
  start();
  return {
    url: `nats://127.0.0.1:${port}`,
    start,
    kill: () => process.kill(),
  };
}

let started = 0;

/** A process whose words are kept, in a file of the folder as well. */
export function begin(role, command, args, folder, environment) {
  const name = `${role}-${++started}`;
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...globalThis.process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const file = createWriteStream(join(folder, `${name}.log`));
  const self = { role, name, text: '', paused: false, ended: false, code: null };
  const exited = new Promise((resolve) =>
    child.once('exit', (code, signal) => {
      Object.assign(self, { ended: true, code: code ?? signal });
      resolve(self);
    }),
  );
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      self.text += text;
      file.write(text);
    });
  return Object.assign(self, {
    exited,
    signal: (signal) => child.kill(signal),
    kill: () => {
      child.kill('SIGKILL');
      return exited;
    },
  });
}

/** The coordinators and workers of one job. */
export class Cluster {
  #folder;
  #words;
  #environment;
  #all = [];

  constructor({ folder, words, environment }) {
    this.#folder = folder;
    this.#words = words;
    this.#environment = environment;
  }

  get living() {
    return this.#all.filter(({ ended }) => !ended);
  }
  get workers() {
    return this.living.filter(({ role, paused }) => role === 'worker' && !paused);
  }
  get coordinators() {
    return this.living.filter(({ role }) => role === 'coordinator');
  }
  get standby() {
    return this.coordinators.find(isWaiting);
  }
  get leader() {
    return this.coordinators.find((each) => !isWaiting(each));
  }
  /** Those that ended although nobody killed them. */
  get failed() {
    return this.#all.filter(({ ended, code }) => ended && code !== 'SIGKILL');
  }

  /** Two coordinators and two workers, whatever is missing of them. */
  fill() {
    for (let n = this.coordinators.length; n < 2; n++) this.#start('coordinator');
    for (let n = this.workers.length; n < 2; n++) this.#start('worker');
  }

  #start(role) {
    const process = begin(role, globalThis.process.execPath, this.#words(role), this.#folder, this.#environment);
    this.#all.push(process);
    return process;
  }

  async end() {
    await Promise.all(this.living.map((each) => each.kill()));
  }
}

/** The last that it said of its part is that another leads. */
const isWaiting = ({ text }) => text.lastIndexOf('waiting to take over') > text.lastIndexOf('goes on from checkpoint');
