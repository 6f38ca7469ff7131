/** Faults of disks: they are full, or what is on them is not what was written. */
import { open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../core/index.ts';
import type { Scarce } from '../private-mounts.ts';
import { type Arena, atOnce, busyWorker, type Nemesis, oneOf, type Struck } from './nemesis.ts';

const fullMs = 3000;

const noDisks = ({ disks }: Arena): string | undefined => (typeof disks === 'string' ? disks : undefined);

/** The disk of the workers' copies. */
async function fill({ disks, clock }: Arena, what: Scarce): Promise<Struck> {
  if (typeof disks === 'string') return undefined;
  await disks.mounts.fill(disks.caches, what);
  return { over: sleep(clock, fullMs).then(() => disks.mounts.free(disks.caches)) };
}

/** The server's own. One that has met a full disk may have switched JetStream off: it is started again, as an operator would. */
async function fillBroker({ disks, broker, clock }: Arena): Promise<Struck> {
  if (typeof disks === 'string') return undefined;
  await disks.mounts.fill(disks.broker, 'bytes');
  await sleep(clock, fullMs / 2);
  await disks.mounts.free(disks.broker);
  await broker.kill();
  await broker.again();
  return atOnce;
}

type Damage = (directory: string, files: readonly string[], arena: Arena) => Promise<void>;

const cut: Damage = async (directory, files, { random }) => {
  const file = join(directory, oneOf(random, files)!);
  await truncate(file, Math.floor((await stat(file)).size * random.next()));
};

const flip: Damage = async (directory, files, { random }) => {
  const file = await open(join(directory, oneOf(random, files)!), 'r+');
  try {
    const { size } = await file.stat();
    if (size === 0) return;
    const at = Math.floor(size * random.next());
    const one = Buffer.alloc(1);
    await file.read(one, 0, 1, at);
    one[0]! ^= 1 << Math.floor(random.next() * 8);
    await file.write(one, 0, 1, at);
  } finally {
    await file.close();
  }
};

const lose: Damage = async (directory, files, { random }) => rm(join(directory, oneOf(random, files)!));

const swap: Damage = async (directory, files, { random }) => {
  const [one, other] = [join(directory, oneOf(random, files)!), join(directory, oneOf(random, files)!)];
  if (one === other) return;
  const aside = `${one}.aside`;
  await rename(one, aside);
  await rename(other, one);
  await rename(aside, other);
};

/** Of a worker's copies, while it is dead. */
async function damage(arena: Arena, how: Damage): Promise<Struck> {
  const { cluster, disks } = arena;
  const worker = busyWorker(arena);
  if (worker === undefined) return undefined;
  const copies = cluster.cacheOf(worker.place);
  if (copies === undefined) return undefined;
  const directory = typeof disks === 'string' ? copies : disks.mounts.seen(copies);
  const goOn = cluster.hold(worker.place);
  try {
    await worker.kill();
    const files = (await filesOf(directory)).filter((name) => !name.endsWith('LOCK'));
    if (files.length === 0) return undefined;
    await how(directory, files, arena);
    return atOnce;
  } finally {
    goOn();
  }
}

async function filesOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}

export const diskNemeses: readonly Nemesis[] = [
  {
    name: 'disk',
    what: "the disk of the workers' copies is full or out of inodes for 3 s, or that of the server is full",
    faults: [
      { kind: 'disk-full', strike: (arena) => fill(arena, 'bytes') },
      { kind: 'inodes-full', strike: (arena) => fill(arena, 'inodes') },
      { kind: 'disk-full-broker', strike: fillBroker },
    ],
    needsDisks: true,
    missing: noDisks,
  },
  {
    name: 'damage',
    what: "a worker's copies of snapshots are cut, changed by a bit, lost or exchanged while it is dead",
    faults: [
      { kind: 'copies-cut', strike: (arena) => damage(arena, cut) },
      { kind: 'copies-flipped', strike: (arena) => damage(arena, flip) },
      { kind: 'copies-lost', strike: (arena) => damage(arena, lose) },
      { kind: 'copies-swapped', strike: (arena) => damage(arena, swap) },
    ],
  },
];
