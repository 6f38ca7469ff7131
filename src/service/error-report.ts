import { WeirError } from '../core/index.ts';

/** Frames of Node and of what is installed say nothing about the user's code, unless there are no others. */
const foreign = /\(?(node:|.*\/node_modules\/)/;

function stackOf(error: Error): string[] {
  const lines = (error.stack ?? String(error)).split('\n');
  const frames = lines.filter((line) => /^\s+at /.test(line));
  const own = frames.filter((line) => !foreign.test(line));
  const text = lines.filter((line) => !/^\s+at /.test(line));
  return [...text, ...(own.length === 0 ? frames : own)];
}

/** An error as its reader needs it: code and message, what to do, and where each cause was thrown. */
export function errorReport(thrown: unknown): string {
  const error = WeirError.from(thrown, 'E_INTERNAL');
  const lines = [`weir: ${error.code} ${error.message}`, `  ${error.hint}`];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    const said = cause instanceof WeirError ? [`${cause.code} ${cause.message}`] : stackOf(cause);
    lines.push(...said.map((line, i) => (i === 0 ? `  caused by ${line}` : `  ${line}`)));
  }
  return lines.join('\n');
}
