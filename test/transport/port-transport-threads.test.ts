// The contract of channels, with either end in a thread of its own.
import { afterAll, beforeAll } from 'vitest';
import { channelContract } from './channel-contract.ts';
import { ReceivingThread } from './far-receivers.ts';

let thread: ReceivingThread;
beforeAll(async () => {
  thread = new ReceivingThread();
  await thread.ready();
}, 30_000);
afterAll(() => thread.end());

channelContract('threads, each end in one of its own', (window) => thread.ends(window));
