/**
 * What the processes of a simulated cluster reach each other by, and keep their state in.
 *
 * Owns: the plain ground, where messages and stores are those of memory. Does not own: the network, and what goes wrong with either.
 */
import { type JobStores, MemoryDisk } from '../../state/index.ts';
import type { Bus } from '../../transport/index.ts';
import { CheckpointWitness } from './checkpoint-witness.ts';
import type { Connection, SimulatedNetwork } from './simulated-network.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { simulatedStores, type StoreConditions } from './simulated-stores.ts';

export type Role = 'coordinator' | 'worker';

/** What a process has of it. */
export interface Attached {
  /** All that it has, for those who disturb them. */
  readonly connections: readonly Connection[];
  readonly control: Bus;
  readonly data: Bus;
  readonly stores: JobStores;
  readonly connected: () => boolean;
  /** What stands for the server in its sources and sinks, if they need one. */
  readonly servers: string;
}
export interface Ground {
  /** Rejects if there is no server at the moment. */
  attach(process: SimulatedProcess, role: Role): Promise<Attached>;
  /** The server is away, and comes back on what it had. */
  restart(awayMs: number): void;
  /** Likewise, after a power cut: what it was writing and had not confirmed is lost. What it had confirmed is not: it syncs. */
  losePower(awayMs: number): void;
}

export class MemoryGround implements Ground {
  readonly disk: MemoryDisk = new MemoryDisk();
  readonly #network: SimulatedNetwork;
  readonly #conditions: StoreConditions;
  readonly #witness: CheckpointWitness;

  /** @param say told what its disk may never show */
  constructor(network: SimulatedNetwork, conditions: StoreConditions, say: (violation: string) => void) {
    this.#network = network;
    this.#conditions = conditions;
    this.#witness = new CheckpointWitness(this.disk, say);
  }

  async attach(process: SimulatedProcess, role: Role): Promise<Attached> {
    const control = this.#network.connect(process);
    const data = role === 'worker' ? this.#network.connect(process, 'data') : control;
    return {
      connections: data === control ? [control] : [control, data],
      control,
      data,
      stores: simulatedStores(process, control, this.disk, this.#conditions, this.#witness),
      connected: () => control.connected,
      servers: '',
    };
  }

  restart(awayMs: number): void {
    this.#network.restart(awayMs);
  }

  losePower(awayMs: number): void {
    this.#conditions.powerCuts++;
    this.restart(awayMs);
  }
}
