import { open } from 'node:fs/promises';

/** Makes names of a folder durable: those that were made, and those that were renamed. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null); // not every system opens folders; there, its journal must do
  if (handle === null) return;
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'ENOTSUP', 'EBADF'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error; // as above
  } finally {
    await handle.close();
  }
}
