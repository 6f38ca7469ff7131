/**
 * Text to stdout, which has taken it when this resolves.
 *
 * In a thread that is not the main one `process.stdout` only hands over to it, and says nothing of what became of it; there the text
 * is written to the file itself.
 */
import { write } from 'node:fs';
import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { type Clock, sleep, WeirError } from '../../core/index.ts';

const stdoutFile = 1;
/** Until whoever reads a pipe that is full has had time to. */
const fullMs = 5;

/** Rows that nobody can read must not count as written: what stdout refuses is `E_SINK`. */
export async function writeOut(text: string, clock: Clock): Promise<void> {
  try {
    if (isMainThread) await throughStream(text);
    else await throughFile(Buffer.from(text), clock);
  } catch (error) {
    throw refused(error as NodeJS.ErrnoException);
  }
}

function throughStream(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

async function throughFile(bytes: Uint8Array, clock: Clock): Promise<void> {
  const written = promisify(write);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await written(stdoutFile, bytes, at)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(clock, fullMs);
    }
  }
}

function refused(cause: NodeJS.ErrnoException): WeirError {
  if (cause.code !== 'EPIPE')
    return new WeirError('E_SINK', `stdout.sink(): stdout could not be written: ${cause.message}`, { cause });
  return new WeirError('E_SINK', 'stdout.sink(): nobody reads stdout any more', {
    cause,
    hint: 'started again the job goes on from its last checkpoint',
    retry: 'never',
  });
}
