// vitest's global setup of the tests that need a nats-server: finds one, once. Where none is to be had it is these tests that
// fail, each with the reason, and not the whole run; WEIR_SKIP_NATS=1 skips them.
import { findNatsServer } from './nats-server.mjs';

async function look() {
  if ((process.env.WEIR_SKIP_NATS ?? '') !== '') return { skipped: 'WEIR_SKIP_NATS is set' };
  try {
    return { binary: await findNatsServer() };
  } catch (error) {
    return { missing: error.message };
  }
}

export async function setup(project) {
  const found = await look();
  if (found.skipped !== undefined) process.stderr.write(`tests that need a nats-server are skipped: ${found.skipped}\n`);
  project.provide('natsServer', found);
}
