// How the parts of a job may talk: the words of `weir run` for so many workers, and what must be in the environment. One more is one line.
import { findNatsServer } from '../scripts/nats-server.mjs';

/** Everything in one process: no workers. */
export const oneProcess = { words: () => ['--transport', 'memory'], environment: async () => ({}) };

/** For any number of workers. */
export const transports = {
  nats: {
    words: (workers) => ['--transport', 'spawn', '--workers', String(workers)],
    environment: async () => ({ NATS_SERVER_BIN: await findNatsServer() }),
  },
  threads: {
    words: (workers) => ['--transport', 'threads', '--workers', String(workers)],
    environment: async () => ({}),
  },
};
