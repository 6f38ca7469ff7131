/**
 * What LevelDB's errors mean to a job: damaged, in use, or a disk that cannot now.
 *
 * The codes are coarse (a full disk, a missing table and a cut table are all IO errors), so the text of the operating
 * system decides between "try again later" and "damaged".
 */
import { WeirError } from '../../core/index.ts';

const passing =
  /no space left|too many open files|permission denied|operation not permitted|input\/output error|read-only file system|cannot allocate|quota exceeded|file too large/i;
/** What LevelDB says of a database that may not be new and is not there. */
const missing = /does not exist \(create_if_missing is false\)/;

interface Coded {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

/** The innermost error that LevelDB gave a code to. */
function innermost(thrown: unknown): { readonly code: string; readonly message: string } {
  let found = { code: '', message: String(thrown) };
  for (let at = thrown as Coded | null | undefined; typeof at === 'object' && at !== null; at = at.cause as Coded) {
    found = {
      code: typeof at.code === 'string' ? at.code : found.code,
      message: typeof at.message === 'string' ? at.message : found.message,
    };
  }
  return found;
}

export function isLocked(thrown: unknown): boolean {
  return innermost(thrown).code === 'LEVEL_LOCKED';
}

/** @param what the operation, as the message should name it */
export function storeError(thrown: unknown, what: string): WeirError {
  if (thrown instanceof WeirError) return thrown;
  const { code, message } = innermost(thrown);
  const damaged =
    code === 'LEVEL_CORRUPTION' ||
    code === 'LEVEL_NOT_FOUND' ||
    missing.test(message) ||
    (code === 'LEVEL_IO_ERROR' && !passing.test(message));
  return new WeirError(damaged ? 'E_STATE_DAMAGED' : 'E_STORE', `${what}: ${message}`, { cause: thrown });
}
