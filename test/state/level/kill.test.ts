import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetLevelStores, openLevelStores } from '../../../src/state/index.ts';
import { wrongIn } from './written-values.ts';

const program = fileURLToPath(new URL('store-writer.ts', import.meta.url));

describe('a job directory', () => {
  let directory: string;
  let child: ChildProcess | undefined;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weir-kill-'));
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  /** Starts the writer, and gives its lines until `enough` says stop. */
  async function linesUntil(enough: (line: string) => boolean): Promise<string[]> {
    child = spawn(process.execPath, ['--import', 'tsx', program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      lines.push(line);
      if (enough(line)) break;
    }
    return lines;
  }
  async function killed(): Promise<void> {
    const exited = new Promise((resolve) => child!.once('exit', resolve));
    child!.kill('SIGKILL');
    await exited;
  }

  it('S1: holds all that was confirmed before its writer was killed, again and again', async () => {
    let confirmed = 0;
    for (const more of [1, 9, 23]) {
      const until = confirmed + more;
      const lines = await linesUntil((line) => line === `confirmed ${until}`);
      await killed();
      confirmed = Math.max(...lines.map((line) => Number(/^confirmed (\d+)$/.exec(line)?.[1] ?? 0)));
      const stores = await openLevelStores(directory);
      const epoch = (await stores.pointers.read('checkpoint'))!.revision;
      expect(epoch).toBeGreaterThanOrEqual(confirmed);
      for (let n = 1; n <= epoch; n++) await stores.blobs.get(`chunk/${n}/b`);
      expect(await wrongIn(stores, epoch)).toBeNull();
      confirmed = epoch;
      await stores.close();
    }
  });

  it('S16: is open in one process at a time; the other is told which has it', async () => {
    const [opened] = await linesUntil((line) => line.startsWith('open'));
    const pid = opened!.split(' ')[1]!;
    await expect(openLevelStores(directory)).rejects.toMatchObject({
      code: 'E_RUNNING',
      message: `${directory} is in use by process ${pid}`,
    });
    await expect(forgetLevelStores(directory)).rejects.toMatchObject({ code: 'E_RUNNING' });
    await killed();
    const stores = await openLevelStores(directory);
    await expect(openLevelStores(directory)).rejects.toMatchObject({ code: 'E_RUNNING' });
    expect((await readFile(join(directory, 'weir.pid'), 'utf8')).trim()).toBe(String(process.pid));
    await stores.close();
    expect(await readdir(directory)).not.toContain('weir.pid');
  });
});
