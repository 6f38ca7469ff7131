/** What a run under chaos has shown. */
import type { ChaosFindings } from './world.ts';

export class Recoveries {
  readonly #all: { readonly kind: string; readonly of: 'worker' | 'broker'; readonly ms: number }[] = [];

  add(kind: string, of: 'worker' | 'broker', ms: number): void {
    this.#all.push({ kind, of, ms });
  }

  /** Each in its turn, ms. */
  all(what: 'worker' | 'broker'): readonly number[] {
    return this.#all.filter((each) => each.of === what).map((each) => each.ms);
  }

  /** ms until results were written again, after a worker was killed, or since the server was there again; null: never measured. */
  of(what: 'worker' | 'broker'): { readonly p50: number; readonly p99: number; readonly max: number; readonly n: number } | null {
    const ms = this.all(what).toSorted((a, b) => a - b);
    if (ms.length === 0) return null;
    const at = (share: number): number => ms[Math.min(ms.length - 1, Math.ceil(ms.length * share) - 1)]!;
    return { p50: at(0.5), p99: at(0.99), max: ms.at(-1)!, n: ms.length };
  }
}

export interface ChaosReport {
  /** Those that hit somebody, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Nemeses that cannot be had here, and why. */
  readonly skipped: Readonly<Record<string, string>>;
  readonly findings: ChaosFindings;
  /** Results that an older generation wrote behind a newer one. */
  readonly zombieWrites: number;
  readonly restores: number;
  readonly generations: number;
  /** Of all snapshots that the server keeps, bytes. */
  readonly stateBytes: number;
  readonly recoveries: Recoveries;
  /** Of nats-server. */
  readonly server: string;
  /** Why the run could not go on to its end. */
  readonly verdict: string | undefined;
}

export const isGood = ({ findings: { lost, duplicated, reordered }, zombieWrites, verdict }: ChaosReport): boolean =>
  verdict === undefined && lost + duplicated + reordered + zombieWrites === 0;
