import { stdoutSink } from './stdout-sink.ts';

export { writeOut } from './write-out.ts';
export { stdoutSinkTo, type StdoutOptions } from './stdout-sink.ts';

/** Results for people, on the terminal. */
export const stdout: { readonly sink: typeof stdoutSink } = { sink: stdoutSink };
