import type { LogicalJob } from '../plan/index.ts';
import type { OperatedJob } from '../runtime/index.ts';
import { letHeapsGrowAsUsual } from './heap-growth.ts';
import type { EngineOptions } from './run-command.ts';
import { startEmbedded, startOnThreads } from './start-embedded.ts';
import { type NatsStart, startOnNats } from './start-on-nats.ts';
import type { TransportChoice } from './transport-choice.ts';

export interface ChosenStart extends Omit<NatsStart, 'choice'> {
  readonly choice: TransportChoice;
}

/** Starts a job where it was chosen to run: in this process alone, with threads of it, or over several. */
export function startChosen(job: LogicalJob, engine: EngineOptions, start: ChosenStart): Promise<OperatedJob> {
  const { choice } = start;
  switch (choice.kind) {
    case 'memory':
      return startEmbedded(job, engine, choice);
    case 'threads':
      letHeapsGrowAsUsual();
      return startOnThreads(job, engine, choice, start.module);
    case 'spawn':
    case 'nats':
      return startOnNats(job, engine, { ...start, choice });
  }
}
