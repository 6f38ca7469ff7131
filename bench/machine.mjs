// What a figure is worth depends on where it was measured.
import { availableParallelism, cpus, loadavg } from 'node:os';

export const machine = () => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
  loadBefore: Number(loadavg()[0].toFixed(2)),
});
