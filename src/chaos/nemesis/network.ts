/** Faults of the way to the server, and of the server: all of it through the links of the processes (proxy/). */
import { sleep } from '../../core/index.ts';
import type { Member } from '../member.ts';
import type { Direction, Disturbance } from '../proxy/link.ts';
import { type Arena, atOnce, between, busyWorker, type Fault, type Nemesis, oneOf, type Struck } from './nemesis.ts';

const partitionMsMin = 500;
const partitionMsMax = 6000;
const slowMs = 3000;
const slowMeanMs = 25;
const disturbedMs = 2000;
/** Longer than the dedup windows of streams that are to notice: 100 ms. */
const awayMs = 3000;
const resets = 5;
const resetEveryMs = 200;
/** Of the messages, while some are disturbed. */
const someShare = 0.2;

const anyMember = ({ cluster, random }: Arena): Member | undefined =>
  oneOf(
    random,
    cluster.members.filter(({ isAside }) => !isAside),
  );

async function during(ms: number, arena: Arena, begun: readonly (() => void)[]): Promise<Struck> {
  const over = sleep(arena.clock, ms).then(() => {
    for (const end of begun) end();
  });
  return begun.length === 0 ? undefined : { over };
}

async function partition(arena: Arena, member: Member | undefined, direction: Direction): Promise<Struck> {
  const ms = between(arena.random, partitionMsMin, partitionMsMax);
  return during(ms, arena, member?.link === undefined ? [] : [member.link.block(direction)]);
}

async function reset(arena: Arena): Promise<Struck> {
  const link = anyMember(arena)?.link;
  if (link === undefined) return undefined;
  const over = (async () => {
    for (let n = 0; n < resets; n++) {
      link.reset();
      await sleep(arena.clock, resetEveryMs);
    }
  })();
  return { over };
}

const slow = (arena: Arena): Promise<Struck> =>
  during(slowMs, arena, [arena.cluster.everywhere((link) => link.delay(slowMeanMs))]);

function disturb(arena: Arena, how: Disturbance): Promise<Struck> {
  const share = how === 'unanswered' ? someShare / 2 : someShare;
  const meant = (subject: string): boolean => arena.isStored(subject);
  return during(disturbedMs, arena, [arena.cluster.everywhere((link) => link.disturb(how, meant, share))]);
}

/** The streams of the results take nothing, and a worker dies meanwhile. */
async function outage(arena: Arena): Promise<Struck> {
  const meant = (subject: string): boolean => arena.isResult(subject);
  const struck = await during(awayMs, arena, [arena.cluster.everywhere((link) => link.disturb('lost', meant, 1))]);
  const killed = sleep(arena.clock, awayMs / 2).then(() => busyWorker(arena)?.kill());
  return struck && { over: Promise.all([struck.over, killed]).then(() => undefined) };
}

async function killBroker({ broker, clock, random }: Arena): Promise<Struck> {
  await broker.kill();
  await sleep(clock, between(random, 0, 1500));
  await broker.again();
  return atOnce;
}

async function restartBroker({ broker }: Arena): Promise<Struck> {
  await broker.stop();
  await broker.again();
  return atOnce;
}

async function pauseBroker({ broker, clock }: Arena): Promise<Struck> {
  broker.pause();
  await sleep(clock, 5000);
  broker.goOn();
  return atOnce;
}

const partitions = (['both', 'out', 'in'] as const).flatMap((direction): Fault[] => [
  { kind: `partition-worker-${direction}`, strike: (arena) => partition(arena, busyWorker(arena), direction) },
  { kind: `partition-coordinator-${direction}`, strike: (arena) => partition(arena, arena.cluster.leader, direction) },
]);

export const networkNemeses: readonly Nemesis[] = [
  {
    name: 'broker',
    what: 'nats-server is killed, restarted, or stands still for 5 s',
    faults: [
      { kind: 'broker-kill', measured: 'broker', strike: killBroker },
      { kind: 'broker-restart', measured: 'broker', strike: restartBroker },
      { kind: 'broker-pause', strike: pauseBroker },
    ],
  },
  {
    name: 'partition',
    needsLinks: true,
    what: 'nothing gets from a worker or the coordinator to the server, back, or both, for up to 6 s',
    faults: partitions,
  },
  {
    name: 'network',
    needsLinks: true,
    what: 'connections break again and again; everything is late, and overtaken on other connections',
    faults: [
      { kind: 'connection-resets', strike: reset },
      { kind: 'delay', strike: slow },
    ],
  },
  {
    name: 'messages',
    needsLinks: true,
    what: 'messages to be stored are lost, stored twice, again after up to 3 s, or stored without an answer',
    faults: (['lost', 'twice', 'late', 'unanswered'] as const).map((how) => ({
      kind: `message-${how}`,
      strike: (arena: Arena) => disturb(arena, how),
    })),
  },
  {
    name: 'outage',
    needsLinks: true,
    what: "the results' streams take nothing for 3 s, and a worker is killed meanwhile",
    faults: [{ kind: 'results-away', strike: outage }],
  },
];
