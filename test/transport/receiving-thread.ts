/** The receiving ends of channels in a real worker thread; whoever waits in another thread calls them as if they were there (far-receivers.ts). */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { encodeBatch } from '../../src/batch/index.ts';
import { type Frame, PortLinks, PortTransport } from '../../src/transport/index.ts';
import type { Call } from './far-receivers.ts';

const { calls, answered } = workerData as { calls: MessagePort; answered: Int32Array };
const transports = new Map<number, PortTransport>();
const cloned = (frame: Frame | undefined): unknown => (frame?.kind === 'data' ? encodeBatch(frame.batch) : frame);

function done(call: Call): unknown {
  if (call.what === 'make') {
    const links = new PortLinks();
    links.add(call.port);
    return void transports.set(call.transport, new PortTransport({ links, generation: 7, window: call.window }));
  }
  const transport = transports.get(call.transport)!;
  if (call.what === 'closeAll') return transport.close();
  const receiver = transport.receiver(call.id);
  switch (call.what) {
    case 'receiver':
      return undefined;
    case 'open':
      return receiver.open();
    case 'close':
      return receiver.close();
    case 'pending':
      return receiver.pending;
    case 'peek':
      return cloned(receiver.peek());
    case 'take':
      return cloned(receiver.take());
    case 'onReadable':
      return receiver.onReadable(() => parentPort!.postMessage(call.wake));
  }
}

parentPort!.on('message', () => parentPort!.postMessage('pong'));
calls.on('message', (call: Call) => {
  calls.postMessage(done(call));
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
});
