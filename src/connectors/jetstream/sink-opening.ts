import { sleep } from '../../core/index.ts';
import type { SinkContext } from '../../operators/index.ts';
import { untilAborted } from '../records/index.ts';
import { connectedUntil } from './connected-until.ts';
import type { NatsOptions, SharedConnection } from './connection.ts';
import { isOutage } from './sink-errors.ts';

const pauseMs = 250;
const pauseMsMax = 2000;

/**
 * A writer on a connection of its own. One that goes on from a checkpoint waits for its server however long that is away, as it would
 * have while it was writing; one that begins says at once that there is none.
 */
export async function openedOn<T>(
  nats: NatsOptions,
  context: SinkContext,
  open: (shared: SharedConnection) => Promise<T>,
): Promise<T> {
  const { clock, signal, logger, operator, restoredEpoch } = context;
  for (let pause = pauseMs, said = ''; ; pause = Math.min(2 * pause, pauseMsMax)) {
    try {
      return await openedOnce(nats, signal, open);
    } catch (error) {
      if (restoredEpoch === 0 || signal.aborted || !isOutage(error)) throw error;
      if (error.message !== said) logger.warn({ operator, reason: error.message }, 'a sink waits for its server');
      said = error.message;
      await sleep(clock, pause, signal);
    }
  }
}

async function openedOnce<T>(nats: NatsOptions, signal: AbortSignal, open: (shared: SharedConnection) => Promise<T>): Promise<T> {
  const shared = await connectedUntil(nats, signal);
  try {
    return await untilAborted(open(shared), signal);
  } catch (error) {
    await shared.close();
    throw error;
  }
}
