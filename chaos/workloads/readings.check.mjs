// The input of chaos/faults/job.ts, and how its output is checked, for `weir chaos`.
import { jetstreamManager } from '@nats-io/jetstream';
import { check } from '../faults/check.mjs';
import { feed } from '../faults/feed.mjs';

const perSecond = 2000;
/** So short a window that no result is kept from being there twice by its id alone. */
const windowNs = 100_000_000;

export async function setup({ nats }) {
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: 'IN', subjects: ['in.*'] });
  for (const name of ['RUNNING', 'SECONDS'])
    await manager.streams.add({ name, subjects: [`${name.toLowerCase()}.>`], duplicate_window: windowNs });
}

export async function workload({ nats, random, signal }) {
  const feeding = feed(nats, random, perSecond);
  await new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', resolve, { once: true });
  });
  await feeding.stop();
}

export default ({ nats }) => check(nats);
