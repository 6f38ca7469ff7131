// Loaded before a contestant (`node --import`): when it ends, the CPU time of all its threads goes to the file WEIR_BENCH_METER, in whose
// name %p is the process.
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread)
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    writeFileSync(process.env.WEIR_BENCH_METER.replace('%p', process.pid), String((user + system) / 1000));
  });
