import { type ErrorCode, WeirError } from '../core/index.ts';

/**
 * The work's outcome, or an error once nothing is left in this process that could bring it about. Node would end the
 * process with code 13 and without a word.
 */
export async function unlessIdle<T>(work: Promise<T>, code: ErrorCode, what: string): Promise<T> {
  let idle = (): void => {};
  const never = new Promise<never>((_, reject) => {
    idle = () =>
      reject(
        new WeirError(code, `${what} never came to an end: nothing is left to do, and yet it waits`, {
          hint: 'look for an `await` of a promise that nobody settles',
        }),
      );
  });
  process.once('beforeExit', idle);
  try {
    return await Promise.race([work, never]);
  } finally {
    process.off('beforeExit', idle);
  }
}
