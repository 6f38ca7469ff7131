import type { Batch } from '../batch/index.ts';
import { WeirError } from '../core/index.ts';
import type { SinkContext } from '../operators/index.ts';

export type SetAside = SinkContext['setAside'];

/** A row that cannot be written is a dead letter where there can be one. @throws what is not the row's fault */
export function setAside(to: SetAside, batch: Batch, i: number, error: unknown): void {
  const faulty = error instanceof WeirError && (error.code === 'E_VALUE' || error.code === 'E_CLOSURE');
  if (!faulty || to === undefined) throw error;
  to(batch, i, error);
}
