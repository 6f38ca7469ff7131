/** The words after `--`, and what a job module exports. Types only. */
import type { Duration } from '../core/index.ts';
import type { Pipeline } from './pipeline.ts';

/** The `key=value` words after `--`. Unknown keys, and values that do not parse, end the program with code 2 and the list of keys. */
export interface Params {
  string(key: string, fallback?: string): string;
  number(key: string, fallback?: number): number;
  boolean(key: string, fallback?: boolean): boolean;
  duration(key: string, fallback?: Duration): Duration;
}
/** What a job module may export as its default. */
export type JobModule = Pipeline | ((params: Params) => Pipeline | Promise<Pipeline>);
