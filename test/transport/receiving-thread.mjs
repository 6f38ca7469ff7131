// TypeScript in a worker thread: each has loaders of its own.
import { register } from 'tsx/esm/api';

register();
await import('./receiving-thread.ts');
