/**
 * What a nemesis is: a family of faults that can be asked for by name.
 *
 * A fault begins when it is struck; one that lasts gives a promise of its end. Every fault ends: then the job must be as if nothing had been.
 */
import type { Clock, Random } from '../../core/index.ts';
import type { Broker } from '../broker.ts';
import type { Cluster } from '../cluster.ts';
import type { Member } from '../member.ts';
import type { PrivateMounts } from '../private-mounts.ts';

export interface Arena {
  readonly cluster: Cluster;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly random: Random;
  /** Disks that can be filled, or why there are none. */
  readonly disks: { readonly mounts: PrivateMounts; readonly caches: string; readonly broker: string } | string;
  /** This process runs subtasks. */
  isBusy(pid: number): boolean;
  /** A stream keeps what is sent to this subject. */
  isStored(subject: string): boolean;
  /** Likewise, and the stream is none of the engine's own. */
  isResult(subject: string): boolean;
}

/** Undefined: there was nobody to hit. */
export type Struck = undefined | { /** Resolves when the fault is over. */ readonly over: Promise<void> };

export interface Fault {
  readonly kind: string;
  /** How long it takes until results come again is a figure of its own, so it is struck alone. */
  readonly measured?: 'worker' | 'broker';
  readonly strike: (arena: Arena) => Promise<Struck>;
}

export interface Nemesis {
  readonly name: string;
  /** For people, one line. */
  readonly what: string;
  readonly faults: readonly Fault[];
  /** Ways to the server on which something can happen. */
  readonly needsLinks?: boolean;
  /** Disks that can be filled. */
  readonly needsDisks?: boolean;
  /** Why it cannot be had here. */
  readonly missing?: (arena: Arena) => string | undefined;
}

export const atOnce: Struck = { over: Promise.resolve() };

export function oneOf<T>(random: Random, all: readonly T[]): T | undefined {
  return all[Math.floor(random.next() * all.length)];
}

export const between = (random: Random, least: number, most: number): number => least + random.next() * (most - least);

/** A worker that has something to do, as far as its coordinator has said; else any. */
export function busyWorker({ cluster, random, isBusy }: Arena): Member | undefined {
  const busy = cluster.workers.filter(({ pid }) => isBusy(pid));
  return oneOf(random, busy.length > 0 ? busy : cluster.workers);
}
