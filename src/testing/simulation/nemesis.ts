/**
 * What goes wrong in a simulated cluster, drawn from a seed: so many faults that hit a generation that runs, and then no more.
 *
 * Owns: which faults there are, and when they come. Does not own: what they do to a process or a connection.
 */
import { manifestId } from '../../coordinator/index.ts';
import type { Random } from '../../core/index.ts';
import type { Member, SimulatedCluster } from './simulated-cluster.ts';
import type { TroubledPace } from './troubled-pace.ts';
import type { Direction, Trouble } from './simulated-network.ts';
import type { Timeline } from './timeline.ts';

export interface NemesisOptions {
  readonly timeline: Timeline;
  readonly cluster: SimulatedCluster;
  readonly random: Random;
  /** Faults that must hit a running generation. */
  readonly faults: number;
  readonly pace: TroubledPace;
  /** Of these kinds; those that hit nothing are drawn again. */
  readonly kinds: readonly string[];
}
type Fault = (nemesis: NemesisOptions) => void;

const lookMs = 5;
const lookMsMax = 3000;

const pick = <T>(random: Random, from: readonly T[]): T | undefined => from[Math.floor(random.next() * from.length)];
const between = (random: Random, least: number, most: number): number => least + random.next() * (most - least);

const alive = ({ cluster }: NemesisOptions, role?: Member['role']): Member[] =>
  cluster.members.filter((member) => member.process.alive && (role === undefined || member.role === role));
const worker = (nemesis: NemesisOptions): Member | undefined => pick(nemesis.random, alive(nemesis, 'worker'));
const standby = (nemesis: NemesisOptions): Member | undefined =>
  alive(nemesis, 'coordinator').find((member) => member !== nemesis.cluster.leader);

function stall(nemesis: NemesisOptions, direction: Direction): void {
  const member = pick(nemesis.random, alive(nemesis));
  const ms = pick(nemesis.random, [between(nemesis.random, 50, 1500), between(nemesis.random, 1500, 9000)])!;
  for (const connection of member?.connections ?? []) connection.stall(direction, ms);
}

function cut(nemesis: NemesisOptions, member: Member | undefined): void {
  const ms = between(nemesis.random, 0, 3000);
  const connection = pick(nemesis.random, member?.connections ?? []);
  connection?.cut(ms);
}

function trouble({ cluster, random, timeline }: NemesisOptions, shares: Partial<Trouble>): void {
  cluster.network.trouble = { lost: 0, twice: 0, late: 0, until: timeline.now + between(random, 50, 1500), ...shares };
}

/** Right after the next checkpoint is complete, if one is soon: only whoever goes on from it sees what it holds. */
function dieAfterCheckpoint(nemesis: NemesisOptions): void {
  const { cluster, timeline, random } = nemesis;
  const epoch = (): number => cluster.leader?.lead?.status().report.epoch ?? 0;
  const before = epoch();
  const until = timeline.now + lookMsMax;
  const look = (): void => {
    if (cluster.over || timeline.now > until) return;
    if (epoch() <= before) return void timeline.after(lookMs, 'fate looks', look);
    timeline.after(between(random, 0, 60), 'fate', () => {
      const all = random.next() < 0.2 ? alive(nemesis) : [pick(random, [worker(nemesis), worker(nemesis), cluster.leader])];
      for (const member of all) member?.process.kill();
    });
  };
  look();
}

/** What one worker says arrives late, an epoch is given up meanwhile, and whoever goes on from the next checkpoint sees what became of it. */
function lateWord(nemesis: NemesisOptions): void {
  const { cluster, random, timeline } = nemesis;
  const ms = between(random, 200, 1500);
  for (const connection of worker(nemesis)?.connections ?? []) connection.stall('out', ms);
  cluster.conditions.refusals = 1;
  timeline.after(ms - 10, 'fate', () => dieAfterCheckpoint(nemesis));
}

const faults: Readonly<Record<string, Fault>> = {
  'kill a worker': (nemesis) => worker(nemesis)?.process.kill(),
  'kill the leader': ({ cluster }) => cluster.leader?.process.kill(),
  'kill the standby': (nemesis) => standby(nemesis)?.process.kill(),
  'kill all': (nemesis) => alive(nemesis).forEach(({ process }) => process.kill()),
  'pause a worker': (nemesis) => worker(nemesis)?.process.pause(pick(nemesis.random, [100, 1000, 3000, 8000])!),
  'pause the leader': ({ cluster, random }) => cluster.leader?.process.pause(pick(random, [100, 1000, 3000, 8000])!),
  'pause the leader at a point': ({ cluster, random }) =>
    cluster.leader?.process.pauseAtPoint(1 + Math.floor(random.next() * 20), between(random, 2500, 8000)),
  'pause the leader at a manifest': ({ cluster, random }) =>
    cluster.leader?.process.pauseAtCall(`put ${manifestId(0).replace(/\d+$/, '')}`, between(random, 2500, 8000)),
  'pause a worker at a point': (nemesis) =>
    worker(nemesis)?.process.pauseAtPoint(1 + Math.floor(nemesis.random.next() * 20), between(nemesis.random, 2500, 8000)),
  'cut a worker': (nemesis) => cut(nemesis, worker(nemesis)),
  'cut the leader': (nemesis) => cut(nemesis, nemesis.cluster.leader),
  'nothing gets out': (nemesis) => stall(nemesis, 'out'),
  'nothing gets in': (nemesis) => stall(nemesis, 'in'),
  partition: (nemesis) => stall(nemesis, 'both'),
  'restart the server': ({ cluster, random }) => cluster.ground.restart(between(random, 50, 4000)),
  'the server loses power': ({ cluster, random }) => cluster.ground.losePower(between(random, 2000, 8000)),
  'die at a point': (nemesis) => {
    const member = pick(nemesis.random, [worker(nemesis), worker(nemesis), nemesis.cluster.leader]);
    member?.process.dieAtPoint(1 + Math.floor(nemesis.random.next() * 12));
  },
  'the disk is full': ({ cluster, random, timeline }) => {
    cluster.conditions.fullUntil = timeline.now + between(random, 20, 600);
    cluster.conditions.fullShare = 1;
  },
  'the disk stutters': ({ cluster, random, timeline }) => {
    cluster.conditions.fullUntil = cluster.conditions.slowUntil = timeline.now + between(random, 200, 2000);
    cluster.conditions.fullShare = between(random, 0.05, 0.5);
    cluster.conditions.slowMs = between(random, 20, 1500);
  },
  'writes are refused': ({ cluster, random }) => {
    cluster.conditions.refusals = 1 + Math.floor(random.next() * 3);
  },
  'cut at a request': (nemesis) => {
    const member = pick(nemesis.random, [worker(nemesis), nemesis.cluster.leader, nemesis.cluster.leader]);
    member?.connections[0]?.cutAfterRequests(1 + Math.floor(nemesis.random.next() * 8), between(nemesis.random, 0, 400));
  },
  'the disk is slow': ({ cluster, random, timeline }) => {
    cluster.conditions.slowUntil = timeline.now + between(random, 100, 2000);
    cluster.conditions.slowMs = between(random, 5, 400);
  },
  'die after a checkpoint': dieAfterCheckpoint,
  'a slow disk, and a death': (nemesis) => {
    const { cluster, timeline, random } = nemesis;
    cluster.conditions.slowUntil = timeline.now + 1500;
    cluster.conditions.slowMs = between(random, 100, 800);
    dieAfterCheckpoint(nemesis);
  },
  'a late word, and a death': lateWord,
  'copies are damaged, and a death': (nemesis) => {
    nemesis.cluster.disks.damage(nemesis.random);
    worker(nemesis)?.process.kill();
  },
  'the disks of workers are full': ({ cluster, random, timeline }) => {
    cluster.disks.fullUntil = timeline.now + between(random, 200, 2000);
  },
  'messages are lost': (nemesis) => trouble(nemesis, { lost: between(nemesis.random, 0.01, 0.3) }),
  'a frame is lost': ({ cluster }) => {
    cluster.network.framesToLose = 1;
  },
  'messages come twice': (nemesis) => trouble(nemesis, { twice: between(nemesis.random, 0.05, 0.5) }),
  'messages come late': (nemesis) => trouble(nemesis, { late: between(nemesis.random, 0.01, 0.3) }),
  'a sink or a source fails': ({ pace, random }) => pace.failSoon(1 + Math.floor(random.next() * 8)),
  'a sink is slow': ({ pace, random, timeline }) => pace.slowUntil(timeline.now + between(random, 100, 2000)),
  'a clock jumps': (nemesis) =>
    pick(nemesis.random, alive(nemesis))?.process.jump(between(nemesis.random, -3_600_000, 3_600_000)),
};
export const faultKinds: readonly string[] = Object.keys(faults);
/** What a checkpoint is for comes more often than the rest. */
const often = [
  'kill a worker',
  'kill a worker',
  'die at a point',
  'die at a point',
  'writes are refused',
  'writes are refused',
  'the disk stutters',
  'die after a checkpoint',
  'die after a checkpoint',
  'a slow disk, and a death',
  'a slow disk, and a death',
  'a frame is lost',
  'pause the leader at a point',
  'pause a worker at a point',
];

/** How often two come at once, and how often one comes while nothing runs. */
const togetherShare = 0.3;
const whileDownShare = 0.2;
/** Then it may come to its feet: what never stops proves nothing. */
const whileDownMax = 8;

export class Nemesis {
  /** Faults that hit a running generation, by kind. */
  readonly counts: Map<string, number> = new Map();
  /** Those that came while none ran: during a restore, say. */
  others = 0;
  #live = 0;
  /** In a row, while none ran. */
  #whileDown = 0;
  readonly #o: NemesisOptions;
  readonly #kinds: readonly string[];

  constructor(options: NemesisOptions) {
    this.#o = options;
    this.#kinds = [...options.kinds, ...often.filter((kind) => options.kinds.includes(kind))];
  }

  start(): void {
    this.#later(between(this.#o.random, 300, 1500));
  }

  get live(): number {
    return this.#live;
  }

  get done(): boolean {
    return this.#live >= this.#o.faults;
  }

  #later(ms: number): void {
    this.#o.timeline.after(ms, 'fate', () => this.#strike());
  }

  #strike(): void {
    const { cluster, random } = this.#o;
    if (cluster.over || this.done) return;
    const isDown = !cluster.isRunning;
    if (isDown && (this.#whileDown >= whileDownMax || random.next() > whileDownShare))
      return this.#later(between(random, 20, 200));
    this.#whileDown = isDown ? this.#whileDown + 1 : 0;
    this.#one();
    if (random.next() < togetherShare) this.#one();
    this.#later(between(random, 50, 1800));
  }

  #one(): void {
    const { cluster, random, timeline } = this.#o;
    const kind = pick(random, this.#kinds)!;
    const isLive = cluster.isRunning;
    timeline.note(kind);
    faults[kind]!(this.#o);
    if (!isLive) this.others++;
    else {
      this.#live++;
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    }
  }
}
