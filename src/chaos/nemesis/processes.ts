/** Faults of processes: they die, stand still, are blocked, run out of memory, or are there twice. */
import { sleep } from '../../core/index.ts';
import type { Member } from '../member.ts';
import { type Arena, atOnce, between, busyWorker, type Fault, type Nemesis, type Struck } from './nemesis.ts';

const pausesMs = [1000, 5000, 15_000];
const blockMs = 3000;
const guestMsMax = 5000;
/** What one that is out of memory may take to end. */
const exhaustedMs = 20_000;

async function kill(member: Member | undefined): Promise<Struck> {
  if (member === undefined) return undefined;
  await member.kill();
  return atOnce;
}

/** It sleeps while others go on, and wakes up in the middle of what it did. */
async function pause(member: Member | undefined, ms: number, { clock }: Arena): Promise<Struck> {
  if (member === undefined) return undefined;
  member.isAside = true;
  member.pause();
  const over = sleep(clock, ms).then(() => {
    member.goOn();
    member.isAside = false;
  });
  return { over };
}

async function killAll({ cluster, broker, clock, random }: Arena): Promise<Struck> {
  await Promise.all([...cluster.members.map((member) => member.kill()), broker.kill()]);
  await sleep(clock, between(random, 0, 500));
  await broker.again();
  return atOnce;
}

async function block(member: Member | undefined, { clock }: Arena): Promise<Struck> {
  if (member === undefined) return undefined;
  member.order({ what: 'block', ms: blockMs });
  return { over: sleep(clock, blockMs) };
}

async function exhaust(member: Member | undefined, { clock }: Arena): Promise<Struck> {
  if (member === undefined) return undefined;
  member.order({ what: 'exhaust' });
  const late = sleep(clock, exhaustedMs).then(() => member.kill());
  return { over: Promise.race([member.ended.then(() => undefined), late]) };
}

/** Somebody starts the same job again beside the one that runs. */
async function second({ cluster, clock, random }: Arena): Promise<Struck> {
  const guests = await Promise.all([cluster.guest('coordinator', 'guest-coordinator'), cluster.guest('worker', 'guest-worker')]);
  for (const guest of guests) guest.isAside = true;
  const over = sleep(clock, between(random, 1000, guestMsMax)).then(async () => {
    await Promise.all(guests.map((guest) => guest.kill()));
  });
  return { over };
}

const pauses = (who: string, of: (arena: Arena) => Member | undefined): Fault[] =>
  pausesMs.map((ms) => ({ kind: `pause-${who}-${ms / 1000}s`, strike: async (arena) => pause(of(arena), ms, arena) }));

export const processNemeses: readonly Nemesis[] = [
  {
    name: 'kill',
    what: 'SIGKILL of a worker, the coordinator, the standby, or of all and the server at once',
    faults: [
      { kind: 'kill-worker', measured: 'worker', strike: (arena) => kill(busyWorker(arena)) },
      { kind: 'kill-coordinator', strike: ({ cluster }) => kill(cluster.standby === undefined ? undefined : cluster.leader) },
      { kind: 'kill-standby', strike: ({ cluster }) => kill(cluster.standby) },
      { kind: 'kill-all', strike: killAll },
    ],
  },
  {
    name: 'pause',
    what: 'SIGSTOP of a worker or the coordinator for 1, 5 or 15 s: then it wakes up as a zombie',
    faults: [
      ...pauses('worker', busyWorker),
      ...pauses('coordinator', ({ cluster }) => (cluster.standby === undefined ? undefined : cluster.leader)),
    ],
  },
  {
    name: 'block',
    what: 'the event loop of a worker or the coordinator is blocked for 3 s',
    faults: [
      { kind: 'block-worker', strike: async (arena) => block(busyWorker(arena), arena) },
      { kind: 'block-coordinator', strike: async (arena) => block(arena.cluster.leader, arena) },
    ],
  },
  {
    name: 'memory',
    what: 'a process takes all the memory that it may have, and dies of it',
    faults: [
      { kind: 'memory-worker', strike: async (arena) => exhaust(busyWorker(arena), arena) },
      {
        kind: 'memory-coordinator',
        strike: async (arena) => exhaust(arena.cluster.standby === undefined ? undefined : arena.cluster.leader, arena),
      },
    ],
  },
  {
    name: 'instance',
    what: 'the same job is started a second time, for up to 5 s',
    faults: [{ kind: 'second-instance', strike: second }],
  },
];
