// A thread that makes slices of a run: a request comes, the bytes go back, and the memory with them.
import { parentPort, workerData } from 'node:worker_threads';
import { tsImport } from 'tsx/esm/api';

const { Generator } = await tsImport('./generator.ts', import.meta.url);
const { LineWriter } = await tsImport('./line-writer.ts', import.meta.url);

const writer = new LineWriter(new Generator(workerData));
parentPort.on('message', ({ from, to, reused }) => {
  const bytes = writer.slice(from, to, reused);
  parentPort.postMessage(bytes, [bytes.buffer]);
});
