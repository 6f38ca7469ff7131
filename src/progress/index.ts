export type { Barrier } from './barrier.ts';
