/**
 * Small disks of our own, in memory, that nobody sees but the programs that are started within: to be filled to the last byte.
 *
 * Owns: a process that holds a mount namespace, for as long as this one lives. Nothing of the system is changed, and no rights are
 * needed where a user may have namespaces.
 */
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { spawnTied, type TiedChild } from '../runtime/index.ts';

const run = promisify(execFile);
const ready = 'mounted\n';
/** Blocks, or files. */
const roomMax = 4096;
const script = `for each in "$@"; do mount -t tmpfs weir "$each" || exit 1; done; echo mounted; exec tail -f /dev/null`;

export type Scarce = 'bytes' | 'inodes';

export class PrivateMounts {
  readonly #holder: TiedChild;
  /** Words before those of a program that is to see them. */
  readonly within: readonly string[];

  private constructor(holder: TiedChild, within: readonly string[]) {
    this.#holder = holder;
    this.within = within;
  }

  /** @returns why there are none, where there can be none */
  static async open(directories: readonly string[]): Promise<PrivateMounts | string> {
    if (process.platform !== 'linux') return 'small disks need Linux';
    const isRoot = process.getuid?.() === 0;
    const holder = await spawnTied('unshare', [isRoot ? '-m' : '-rm', 'sh', '-c', script, 'sh', ...directories]).catch(
      () => null,
    );
    if (holder === null) return 'small disks need the program unshare';
    const mounted = new Promise<boolean>((resolve) => holder.onText((text) => text.includes(ready) && resolve(true)));
    const isThere = await Promise.race([mounted, holder.ended.then(() => false)]);
    if (!isThere) return `no small disk can be mounted here: ${holder.said().trim()}`;
    const user = isRoot ? [] : ['-U', '--preserve-credentials'];
    return new PrivateMounts(holder, ['nsenter', '-t', String(holder.pid), '-m', ...user, '--']);
  }

  /** Where such a directory is found from outside. */
  seen(directory: string): string {
    return `/proc/${this.#holder.pid}/root${directory}`;
  }

  /** Next to nothing more fits into it. It cannot be made smaller than it is by then, so whoever writes fast is left some room. */
  async fill(directory: string, what: Scarce): Promise<void> {
    for (let room = 0; ; room = room * 4 + 1) {
      const { bsize, blocks, bfree, files, ffree } = await statfs(this.seen(directory));
      const most = what === 'bytes' ? `size=${(blocks - bfree + room) * bsize}` : `nr_inodes=${files - ffree + room}`;
      try {
        return await this.#remount(directory, most);
      } catch (error) {
        if (room >= roomMax) throw error;
      }
    }
  }

  /** As much as before, or more. */
  async free(directory: string): Promise<void> {
    await this.#remount(directory, 'size=50%,nr_inodes=1000000');
  }

  async close(): Promise<void> {
    this.#holder.signal('SIGKILL');
    await this.#holder.ended;
  }

  async #remount(directory: string, how: string): Promise<void> {
    const [program, ...words] = [...this.within, 'mount', '-o', `remount,${how}`, directory];
    await run(program!, words);
  }
}
