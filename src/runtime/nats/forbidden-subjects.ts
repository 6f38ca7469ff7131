import { errors, type NatsConnection, type Status } from '@nats-io/transport-node';

type Violation = InstanceType<typeof errors.PermissionViolationError>;

export interface ForbiddenSubjects {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * Which of these the server forbids, found by doing it: to publish, with an empty message; to subscribe, for a moment.
 *
 * What it forbids it says in the order of what it is told, so that the answer to a ping ends the list.
 */
export async function forbiddenSubjects(
  connection: NatsConnection,
  publish: readonly string[],
  subscribe: readonly string[],
): Promise<ForbiddenSubjects> {
  const statuses = connection.status() as AsyncIterable<Status> & { stop(): void };
  const said: Violation[] = [];
  const heard = hear(statuses, said);
  const subscriptions = subscribe.map((subject) => connection.subscribe(subject, { callback: () => {} }));
  for (const subject of publish) connection.publish(subject);
  try {
    await connection.flush();
  } finally {
    for (const subscription of subscriptions) subscription.unsubscribe();
    statuses.stop(); // what was said before is still heard
    await heard;
  }
  const forbidden = (operation: string, subjects: readonly string[]): string[] =>
    subjects.filter((subject) => said.some((error) => error.operation === operation && error.subject === subject));
  return { publish: forbidden('publish', publish), subscribe: forbidden('subscription', subscribe) };
}

async function hear(statuses: AsyncIterable<Status>, said: Violation[]): Promise<void> {
  for await (const status of statuses) {
    if (status.type === 'error' && status.error instanceof errors.PermissionViolationError) said.push(status.error);
  }
}
