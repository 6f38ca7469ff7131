import { fileURLToPath } from 'node:url';
import { WeirError } from '../core/index.ts';

/** This installation's own code, built or not. */
const ours = ['src', 'dist'].map((folder) => fileURLToPath(new URL(`../../${folder}/`, import.meta.url)));

/** Frames of Node, of what is installed and of Weir itself say nothing about the user's code. */
const isForeign = (frame: string): boolean =>
  /\(?node:|\(<anonymous>\)$/.test(frame) || frame.includes('/node_modules/') || ours.some((path) => frame.includes(path));

const isFrame = (line: string): boolean => /^\s+at /.test(line);

/** What was said, then the frames that are the user's; of a defect of ours all of them. */
function stackOf(error: Error, whole: boolean): string[] {
  const lines = (error.stack ?? String(error)).split('\n');
  return lines.filter((line) => !isFrame(line) || whole || !isForeign(line));
}

/** What its message cannot say: of a defect of ours everything, and where a schema was made, which knows no place. */
function ownFrames(error: WeirError): string[] {
  if (error.cause !== undefined) return [];
  if (error.code === 'E_INTERNAL') return stackOf(error, true).filter(isFrame);
  return error.code === 'E_SCHEMA' ? stackOf(error, false).filter(isFrame).slice(0, 1) : [];
}

/** An error as its reader needs it: code and message, what to do, and where each cause was thrown. */
export function errorReport(thrown: unknown): string {
  const error = WeirError.from(thrown, 'E_INTERNAL');
  const whole = error.code === 'E_INTERNAL';
  const lines = [`weir: ${error.code} ${error.message}`, `  ${error.hint}`, ...ownFrames(error)];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    const said = cause instanceof WeirError ? [`${cause.code} ${cause.message}`] : stackOf(cause, whole);
    lines.push(...said.map((line, i) => (i === 0 ? `  caused by ${line}` : `  ${line}`)));
  }
  return lines.join('\n');
}
