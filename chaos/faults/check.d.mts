import type { NatsConnection } from '@nats-io/transport-node';

export interface Checked {
  /** Expected. */
  readonly rows: number;
  /** Generations that went on from a checkpoint, and wrote. */
  readonly restores: number;
  /** Messages of an older generation behind one of a newer. */
  readonly zombieWrites: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}
/** @param output the server of the results, if it is another */
export function check(connection: NatsConnection, output?: NatsConnection): Promise<Checked>;
