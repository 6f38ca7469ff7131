/** Faults as users name them, and the kinds of the nemesis that they stand for. */
const kinds = {
  kill: ['kill a worker', 'kill the leader', 'kill the standby', 'kill all', 'die at a point', 'die after a checkpoint'],
  pause: ['pause a worker', 'pause the leader', 'pause the leader at a point', 'pause a worker at a point'],
  partition: [
    'cut a worker',
    'cut the leader',
    'cut at a request',
    'nothing gets out',
    'nothing gets in',
    'partition',
    'a late word, and a death',
  ],
  drop: ['messages are lost', 'a frame is lost'],
  duplicate: ['messages come twice'],
  reorder: ['messages come late'],
  'broker-restart': ['restart the server'],
  disk: [
    'writes are refused',
    'the disk is full',
    'the disk stutters',
    'the disk is slow',
    'a slow disk, and a death',
    'copies are damaged, and a death',
    'the disks of workers are full',
  ],
  clock: ['a clock jumps'],
  'slow-sink': ['a sink is slow'],
  failure: ['a sink or a source fails'],
  'broker-power-loss': ['the server loses power'],
  poison: [],
} as const;

/** `failure`: one call of a source or a sink fails. `poison`: between the rows are records that nobody can read (poison.ts). */
export type Fault = keyof typeof kinds;
export const allFaults: readonly Fault[] = Object.keys(kinds) as Fault[];

export const kindsOf = (faults: readonly Fault[]): readonly string[] => faults.flatMap((fault) => kinds[fault] ?? []);

export function faultOf(kind: string): Fault {
  return allFaults.find((fault) => (kinds[fault] as readonly string[]).includes(kind))!;
}
