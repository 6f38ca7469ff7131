/**
 * Who makes the consumers of a source, and ends them.
 *
 * Owns: their settings, and the conversation of a reader with the coordinator where that one makes them. A user who may create a
 * consumer can have the server send the whole stream to any subject (`deliver_subject`), so that a worker's user need not be
 * one: the coordinator makes it, and the worker pulls from it.
 * Invariants: JS1 on behalf of a reader nothing is made but a consumer without a subject to deliver to, of a filter of the source,
 * and nothing is ended but what has the name of such a one.
 */
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import { nanos, nuid } from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';
import { natsError } from './source-errors.ts';
import type { SourceStream } from './source-stream.ts';

export interface MadeConsumer {
  readonly name: string;
  /** Messages that it has to give. */
  readonly pending: number;
}
export interface SourceConsumers {
  /** @param behind the last sequence that is not wanted */
  make(filter: string | undefined, behind: number): Promise<MadeConsumer>;
  /** At the latest it ends by itself. */
  drop(name: string): Promise<void>;
}

export type ConsumerWish =
  | { readonly kind: 'make'; readonly filter: string | null; readonly behind: number }
  | { readonly kind: 'drop'; readonly name: string };

const inactiveMs = 60_000;
const deleteMsMax = 500;

/** By this process itself. */
export function ownConsumers(stream: SourceStream, job: string): SourceConsumers {
  return {
    make: (filter, behind) => makeConsumer(stream, job, filter, behind),
    async drop(name) {
      const subject = `${stream.apiPrefix}.CONSUMER.DELETE.${stream.name}.${name}`;
      await stream.shared.connection.request(subject, '', { timeout: deleteMsMax });
    },
  };
}

/** By the coordinator. */
export function consumersBy(ask: (wish: ConsumerWish) => Promise<unknown>): SourceConsumers {
  return {
    async make(filter, behind) {
      const made = (await ask({ kind: 'make', filter: filter ?? null, behind })) as Partial<MadeConsumer> | null;
      if (typeof made?.name === 'string' && typeof made.pending === 'number') return made as MadeConsumer;
      throw new WeirError('E_BROKER', 'the coordinator answered something else than a consumer');
    },
    async drop(name) {
      ask({ kind: 'drop', name }).catch(() => undefined); // without a coordinator it ends by itself: nobody need wait
    },
  };
}

/** JS1. @throws WeirError `E_BROKER` for anything else */
export function checkedWish(request: unknown, job: string, filters: readonly string[]): ConsumerWish {
  const wish = request as Partial<ConsumerWish & { readonly kind: 'make' }> & { readonly name?: unknown };
  const own = new RegExp(`^weir-${job}-[A-Za-z0-9]{22}$`);
  const isFilter = wish?.filter === null ? filters.length === 0 : filters.includes(wish?.filter ?? '');
  if (wish?.kind === 'make' && isFilter && Number.isSafeInteger(wish.behind) && wish.behind! >= 0)
    return { kind: 'make', filter: wish.filter!, behind: wish.behind! };
  if ((wish?.kind as string) === 'drop' && typeof wish.name === 'string' && own.test(wish.name))
    return { kind: 'drop', name: wish.name };
  const asked = JSON.stringify(request)?.slice(0, 200);
  throw new WeirError('E_BROKER', `a reader asked for a consumer that is none of its source: ${asked}`, { retry: 'never' });
}

/** Gives a reader elsewhere what it wishes. */
export async function granted(consumers: SourceConsumers, wish: ConsumerWish): Promise<MadeConsumer | null> {
  if (wish.kind === 'make') return consumers.make(wish.filter ?? undefined, wish.behind);
  await consumers.drop(wish.name);
  return null;
}

async function makeConsumer(
  stream: SourceStream,
  job: string,
  filter: string | undefined,
  behind: number,
): Promise<MadeConsumer> {
  const name = `weir-${job}-${nuid.next()}`;
  try {
    const { num_pending: pending } = await stream.manager.consumers.add(stream.name, {
      name,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: behind + 1,
      inactive_threshold: nanos(inactiveMs),
      mem_storage: true,
      num_replicas: 1,
      ...(filter === undefined ? {} : { filter_subject: filter }),
    });
    return { name, pending };
  } catch (error) {
    throw natsError(error, filter === undefined ? stream.label : `${stream.label}, subject ${filter}`);
  }
}
