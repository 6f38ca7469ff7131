// A worker thread whose loop has turned once, and then stands still for ever; it has said so.
import { parentPort, workerData } from 'node:worker_threads';

Atomics.add(workerData.counter, 0, 1);
parentPort.postMessage({ kind: 'session', session: `${workerData.name}-1` });
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
