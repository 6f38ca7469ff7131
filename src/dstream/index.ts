/** What is published as `weir/dstream`. */
export type { DStream } from './dstream.ts';
export { type ContextOptions, StreamingContext } from './streaming-context.ts';
